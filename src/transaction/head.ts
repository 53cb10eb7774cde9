import type { Expiry } from "../backends/backend.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { Payload } from "../core/entry.js";
import { LatePut } from "./late-put.js";
import { DELETED, type Buffered, type EntryKind } from "./write-buffer.js";

/** What stands under a user's key, whether it is committed or only written by a transaction. */
export interface Head extends EntryKind {
  /** As it has to be written again to stay what it is. */
  readonly expiry: Expiry;
  /** What is stored with it, the caller's own: a plain value, or what a structure keeps in its head. */
  content(): unknown;
}

export interface HeadDecoder {
  decodePayload(payload: Payload): unknown;
}

/** The head that a transaction sees; undefined when there is none. */
export function headOf(decoder: HeadDecoder, seen: Buffered | DecodedEntry): Head | undefined {
  if (seen === DELETED) return undefined;
  if (!("kind" in seen)) return committedHead(seen);
  const { type, incarnation, expiry } = seen;
  if (seen instanceof LatePut)
    return { type, incarnation: seen.incarnation, expiry, content: () => seen.content };
  return { type, ...identity(incarnation), expiry, content: () => decoder.decodePayload(seen) };
}

/** The head that an entry is; undefined when it is absent. */
export function committedHead(entry: DecodedEntry): Head | undefined {
  const { type, incarnation, expiresAt } = entry;
  if (entry.version === null || type === 0) return undefined;
  const expiry = expiresAt === Infinity ? undefined : { at: expiresAt };
  return { type, ...identity(incarnation), expiry, content: () => entry.handOut() };
}

function identity(incarnation: string | undefined) {
  return incarnation === undefined ? {} : { incarnation };
}
