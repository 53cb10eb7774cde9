import type { EntryType } from "../core/entry.js";
import type { StoredKey } from "../core/key.js";
import type { Version } from "../core/version.js";

/** Where a value belongs: what of its entry is known before it is written, and stays as it is while it stands. */
export interface EntryPlace {
  readonly namespace: string;
  readonly key: StoredKey;
  readonly version: Version;
  readonly type: EntryType;
  readonly incarnation?: string;
}

/** The same text for the same place, and for no other: the lengths make its parts unambiguous. Stored: never change it. */
export function placeText({ namespace, key, version, type, incarnation = "" }: EntryPlace): string {
  const lengths = [namespace, key, version, incarnation].map(({ length }) => length);
  return [type, ...lengths, namespace].join(":") + key + version + incarnation;
}
