import type { EntryType, Payload, StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { byteLength } from "../../core/value-encoder.js";
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

/** Room for the entry type below the codec in one number, and for the mark of an entry that came with a file. */
const TYPE_BITS = 3;
const STORED = 1 << TYPE_BITS;
const CODEC_SHIFT = TYPE_BITS + 1;

/**
 * Where data stands that came with a file and that nobody has asked for yet; shared by the entries of one file and of
 * one stem.
 */
export interface StoredOrigin {
  /** What their versions begin with; see version-parts.ts. */
  readonly stem: string;
  /** @throws StorageFault when the data of `entry`, which stands `at` a place, is damaged. */
  load(entry: StoredEntry, at: number): string | Uint8Array;
}

/** An entry whose data stands somewhere yet. */
export interface StoredParts {
  readonly key: StoredKey;
  /** What follows the origin's stem in the version; -1 when nothing does. */
  readonly counter: number;
  readonly type: EntryType;
  readonly codec: number;
  readonly origin: StoredOrigin;
  readonly at: number;
}

/** What every entry keeps. */
interface Core {
  readonly key: StoredKey;
  readonly data: string | Uint8Array | number;
  readonly source: string | StoredOrigin;
  readonly counter: number;
  readonly kinds: number;
}

/**
 * An entry as the in-process engine keeps and hands out: one small object per key, as there may be millions. A plain
 * value pays for no field that only structures or expiring entries have, those are subclasses, and what can be worked
 * out is worked out when asked for. Data that came with a file is fetched when first asked for, and until then takes
 * no room of its own: its place stands where the data will, its origin in the place of the stem.
 */
export class LocalEntry implements StoredEntry {
  readonly key: StoredKey;
  declare readonly incarnation?: string;
  declare readonly expiresAt?: number;
  #data: string | Uint8Array | number;
  #source: string | StoredOrigin;
  readonly #counter: number;
  readonly #kinds: number;

  constructor({ key, data, source, counter, kinds }: Core) {
    this.key = key;
    this.#data = data;
    this.#source = source;
    this.#counter = counter;
    this.#kinds = kinds;
  }

  /** Whether the data came with a file. */
  static isStored(entry: LocalEntry): boolean {
    return (entry.#kinds & STORED) !== 0;
  }

  /** Where the data stands that nobody has asked for; undefined when it is here. */
  static placeOf(entry: LocalEntry): { readonly origin: StoredOrigin; readonly at: number } | undefined {
    const at = entry.#data;
    const origin = entry.#source;
    return typeof at !== "number" || typeof origin === "string" ? undefined : { origin, at };
  }

  /** The data, which is not kept where it stands in a file. Throws as `data` does. */
  static peek(entry: LocalEntry): string | Uint8Array {
    const data = entry.#data;
    return typeof data === "number" ? (entry.#source as StoredOrigin).load(entry, data) : data;
  }

  /** @throws StorageFault when the data came with a file and is damaged. */
  get data(): string | Uint8Array {
    return typeof this.#data === "number" ? this.#load(this.#data, this.#source as StoredOrigin) : this.#data;
  }

  get version(): Version {
    const source = this.#source;
    return joinVersion(typeof source === "string" ? source : source.stem, this.#counter);
  }

  get type(): EntryType {
    return (this.#kinds & ((1 << TYPE_BITS) - 1)) as EntryType;
  }

  get codec(): number {
    return this.#kinds >>> CODEC_SHIFT;
  }

  /** Found without keeping the data: whoever lists headers asks each entry for it. */
  get size(): number {
    return byteLength(LocalEntry.peek(this));
  }

  #load(at: number, origin: StoredOrigin): string | Uint8Array {
    const data = origin.load(this, at);
    this.#data = data;
    this.#source = origin.stem;
    return data;
  }
}

class HeadEntry extends LocalEntry {
  declare readonly incarnation: string;

  constructor(core: Core, incarnation: string) {
    super(core);
    this.incarnation = incarnation;
  }
}

/** An entry with a deadline; it knows its slot in the {@link ExpiryQueue} that holds it. */
export class ExpiringEntry extends LocalEntry {
  declare readonly expiresAt: number;
  #slot = -1;

  constructor(core: Core, expiresAt: number) {
    super(core);
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

  constructor(core: Core, expiresAt: number, incarnation: string) {
    super(core, expiresAt);
    this.incarnation = incarnation;
  }
}

/** Makes the smallest entry that holds `parts`. */
export function localEntry(parts: EntryParts): LocalEntry {
  const { key, version, type, codec, data, expiresAt, incarnation } = parts;
  const source = stemOf(version);
  const core = {
    key: flat(key),
    data: typeof data === "string" ? flat(data) : data,
    source,
    counter: counterAfter(source, version),
    kinds: (codec << CODEC_SHIFT) | type,
  };
  return smallest(core, expiresAt, incarnation);
}

/** Makes the smallest entry whose data stands in a file, and is fetched from there when it is first asked for. */
export function storedEntry(parts: StoredParts, expiresAt?: number, incarnation?: string): LocalEntry {
  const { key, counter, type, codec, origin, at } = parts;
  const kinds = (codec << CODEC_SHIFT) | STORED | type;
  return smallest({ key, data: at, source: origin, counter, kinds }, expiresAt, incarnation);
}

function smallest(core: Core, expiresAt: number | undefined, incarnation: string | undefined): LocalEntry {
  if (expiresAt === undefined) {
    return incarnation === undefined ? new LocalEntry(core) : new HeadEntry(core, incarnation);
  }
  return incarnation === undefined
    ? new ExpiringEntry(core, expiresAt)
    : new ExpiringHeadEntry(core, expiresAt, incarnation);
}

/** What an entry and its slots in the tables take beside its texts, roughly. */
const OVERHEAD_BYTES = 128;

/**
 * Roughly the memory that an entry takes, found without walking its text: a character of Latin-1 takes one byte, as
 * is assumed here of all, another one two. Data that came with a file is not counted, so that this stays the same
 * whether or not it has been asked for.
 */
export function footprint(entry: LocalEntry): number {
  const dataLength = LocalEntry.isStored(entry) ? 0 : entry.data.length;
  return OVERHEAD_BYTES + entry.key.length + dataLength;
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
