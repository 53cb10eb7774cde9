import type { StoredKey } from "./key.js";
import type { Version } from "./version.js";

/** The type byte of an entry, stored with it. */
export const ENTRY_TYPE = {
  value: 1,
  list: 2,
  hash: 3,
  blob: 4,
  /** Anything that is not a head: items, index entries, bookkeeping. */
  part: 5,
} as const;

export type EntryType = (typeof ENTRY_TYPE)[keyof typeof ENTRY_TYPE];

/**
 * An encoded value: which codec wrote it (one byte, see codec.ts) and its data. Text codecs give text, so that
 * memory and readable files need no bytes; a backend that keeps bytes stores the text as UTF-8.
 */
export interface Payload {
  readonly codec: number;
  readonly data: string | Uint8Array;
}

/** An entry without its data. */
export interface Header {
  readonly version: Version;
  readonly type: EntryType;
  /** On the head of a structure: the id under which its items stand, 22 characters of base64url. */
  readonly incarnation?: string;
  /** Milliseconds since the Unix epoch on the backend's clock; at and after it the entry counts as absent. */
  readonly expiresAt?: number;
  /** Bytes of UTF-8 or binary data, without key and header; an upper estimate is allowed for text. */
  readonly size: number;
}

/** An entry with its data, as a backend keeps it. */
export interface StoredEntry extends Header, Payload {
  readonly key: StoredKey;
}

/** An entry without its data, under its key. */
export interface StoredHeader extends Header {
  readonly key: StoredKey;
}
