import type { EntryType, Payload, StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import { counterAfter, joinVersion, stemOf } from "./version-parts.js";

/** What an entry is made of. */
export interface EntryParts extends Payload {
  readonly key: StoredKey;
  readonly version: Version;
  readonly type: EntryType;
  readonly incarnation?: string | undefined;
  readonly expiresAt?: number | undefined;
}

/** Room for the entry type below the codec in one number. */
const TYPE_BITS = 3;

/**
 * An entry as the in-process engine keeps and hands out: one small object per key, as there may be millions. A plain
 * value pays for no field that only structures or expiring entries have, those are subclasses, and what can be worked
 * out is worked out when asked for.
 */
export class LocalEntry implements StoredEntry {
  readonly key: StoredKey;
  readonly data: string | Uint8Array;
  declare readonly incarnation?: string;
  declare readonly expiresAt?: number;
  readonly #stem: string;
  readonly #counter: number;
  readonly #codecAndType: number;

  constructor(parts: EntryParts) {
    this.key = flat(parts.key);
    this.data = typeof parts.data === "string" ? flat(parts.data) : parts.data;
    this.#stem = stemOf(parts.version);
    this.#counter = counterAfter(this.#stem, parts.version);
    this.#codecAndType = (parts.codec << TYPE_BITS) | parts.type;
  }

  get version(): Version {
    return joinVersion(this.#stem, this.#counter);
  }

  get type(): EntryType {
    return (this.#codecAndType & ((1 << TYPE_BITS) - 1)) as EntryType;
  }

  get codec(): number {
    return this.#codecAndType >>> TYPE_BITS;
  }

  get size(): number {
    return typeof this.data === "string" ? Buffer.byteLength(this.data) : this.data.byteLength;
  }
}

class HeadEntry extends LocalEntry {
  declare readonly incarnation: string;

  constructor(parts: EntryParts, incarnation: string) {
    super(parts);
    this.incarnation = incarnation;
  }
}

/** An entry with a deadline; it knows its slot in the {@link ExpiryQueue} that holds it. */
export class ExpiringEntry extends LocalEntry {
  declare readonly expiresAt: number;
  #slot = -1;

  constructor(parts: EntryParts, expiresAt: number) {
    super(parts);
    this.expiresAt = expiresAt;
  }

  static slotOf(entry: ExpiringEntry): number {
    return entry.#slot;
  }

  static place(entry: ExpiringEntry, slot: number): void {
    entry.#slot = slot;
  }
}

class ExpiringHeadEntry extends ExpiringEntry {
  declare readonly incarnation: string;

  constructor(parts: EntryParts, expiresAt: number, incarnation: string) {
    super(parts, expiresAt);
    this.incarnation = incarnation;
  }
}

/** Makes the smallest entry that holds `parts`. */
export function localEntry(parts: EntryParts): LocalEntry {
  const { expiresAt, incarnation } = parts;
  if (expiresAt === undefined) {
    return incarnation === undefined ? new LocalEntry(parts) : new HeadEntry(parts, incarnation);
  }
  return incarnation === undefined
    ? new ExpiringEntry(parts, expiresAt)
    : new ExpiringHeadEntry(parts, expiresAt, incarnation);
}

/** What an entry and its slots in the tables take beside its texts, roughly. */
const OVERHEAD_BYTES = 128;

/**
 * Roughly the memory that an entry takes, found without walking its text: a character of Latin-1 takes one byte, as
 * is assumed here of all, another one two.
 */
export function footprint(entry: LocalEntry): number {
  return OVERHEAD_BYTES + entry.key.length + entry.data.length;
}

export function isLive(entry: LocalEntry, now: number): boolean {
  return entry.expiresAt === undefined || entry.expiresAt > now;
}

/**
 * The same text as one flat string: a text built with `+` is a tree of its parts until a unit of it is looked at,
 * and kept for long such a tree costs more than the text.
 */
function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}
