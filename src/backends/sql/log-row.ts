import type { EntryType } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";

export interface LogRow {
  readonly ordinal: number;
  readonly id: Version;
  readonly previous: Version;
  readonly now: number;
  /** As encoded by change-record.ts. */
  readonly record: Uint8Array;
  readonly effects: CommitEffects | undefined;
}

/** What a log row keeps of a commit's effects, so that a lost answer can be given again. */
export interface CommitEffects {
  readonly removed: number;
  /** Write, version, type, incarnation, expiry, sealed bytes; of deletes, and of puts that replaced a structure. */
  readonly replaced: readonly (readonly [number, Version, EntryType, string | null, number | null, number])[];
}

/** An entry whose deadline has passed. */
export interface ExpiredRow {
  readonly namespace: string;
  readonly key: StoredKey;
  readonly version: Version;
  readonly incarnation: string | null;
}
