import { compareKeys, isWide, type StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import { KeyChunk, type ChunkDigest } from "./key-chunk.js";

/** Most keys in one chunk; a full chunk splits in two. */
const CHUNK_LIMIT = 2048;
/** A chunk below this is joined to its neighbour when both fit well within one. */
const CHUNK_LOW = 256;
/** Keys that may wait before some are put in order at the next write: bounds what one query has to catch up with. */
const RUN_LIMIT = 8192;
/** Keys put in order at a time once the run is full. */
const RUN_SLICE = 4096;

/** Sees a key; false ends the walk. */
type KeyVisitor = (key: StoredKey) => boolean;

/** Sees the keys of a chunk from one index up to but not including another; false ends the walk. */
type ChunkVisitor = (chunk: KeyChunk, from: number, to: number) => boolean;

/**
 * The keys of a table in UTF-8 byte order, kept lazily: writes note keys that came or went in a short unsorted run,
 * and the first query, or a full run, puts them in order. Sorted keys stand in chunks, so that one costs a search
 * and a short shift, and a rank is a sum over chunks.
 */
export class OrderedIndex {
  readonly #present: (key: StoredKey) => boolean;
  readonly #chunks: KeyChunk[] = [];
  #run: StoredKey[] = [];
  #wide = false;
  #hasDigests = false;

  /** @param present whether a key is in the table now */
  constructor(present: (key: StoredKey) => boolean) {
    this.#present = present;
  }

  /** Notes that a key was added to or removed from the table. */
  touch(key: StoredKey): void {
    if (!this.#wide && isWide(key)) this.#widen();
    if (this.isBeyond(key)) {
      this.#append(key);
      return;
    }
    this.#run.push(key);
    if (this.#run.length >= RUN_LIMIT) this.#settle(this.#run.splice(-RUN_SLICE));
  }

  /** Whether a key is known to be above all others, and hence new: false for some that are. */
  isBeyond(key: StoredKey): boolean {
    const last = this.#chunks.at(-1);
    return this.#run.length === 0 && (last === undefined || this.#less(last.last, key));
  }

  /** The number of keys in a range. */
  count(range: KeyRange): number {
    const end = range.end === undefined ? this.#total() : this.#rank(range.end);
    return Math.max(0, end - this.#rank(range.start));
  }

  /** Calls `visit` for the keys of a range in order, or against it, until it returns false. */
  walk(range: KeyRange, reverse: boolean, visit: KeyVisitor): void {
    this.walkChunks(range, reverse, ({ keys }, from, to) =>
      reverse ? visitDown(keys, from, to, visit) : visitUp(keys, from, to, visit),
    );
  }

  /** Calls `visit` for the part of each chunk that a range covers, in order or against it, until it returns false. */
  walkChunks(range: KeyRange, reverse: boolean, visit: ChunkVisitor): void {
    this.#settleAll();
    if (reverse) this.#descend(range, visit);
    else this.#ascend(range, visit);
  }

  /** Notes that the entry of a key in the table is another one now. */
  changed(key: StoredKey): void {
    if (!this.#hasDigests) return;
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk !== undefined) chunk.digest = undefined;
  }

  /** Remembers what a chunk adds up to until one of its entries changes. */
  remember(chunk: KeyChunk, digest: ChunkDigest): void {
    chunk.digest = digest;
    this.#hasDigests = true;
  }

  /** Forgets the keys of a range, which are no longer in the table. */
  drop(range: KeyRange): void {
    this.#settleAll();
    let at = this.#chunkOf(range.start);
    for (let chunk = this.#chunks[at]; chunk !== undefined; chunk = this.#chunks[at]) {
      const { from, to } = this.#partOf(chunk, range);
      const isLast = to < chunk.keys.length;
      chunk.digest = undefined;
      if (to > from) chunk.keys.splice(from, to - from);
      if (chunk.keys.length === 0) this.#chunks.splice(at, 1);
      else at += 1;
      if (isLast) return;
    }
  }

  #ascend(range: KeyRange, visit: ChunkVisitor): void {
    for (let at = this.#chunkOf(range.start); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as KeyChunk;
      const { from, to } = this.#partOf(chunk, range);
      if (to > from && !visit(chunk, from, to)) return;
      if (to < chunk.keys.length) return;
    }
  }

  #descend(range: KeyRange, visit: ChunkVisitor): void {
    const last = range.end === undefined ? this.#chunks.length - 1 : this.#chunkOf(range.end);
    for (let at = Math.min(last, this.#chunks.length - 1); at >= 0; at--) {
      const chunk = this.#chunks[at] as KeyChunk;
      const { from, to } = this.#partOf(chunk, range);
      if (to > from && !visit(chunk, from, to)) return;
      if (from > 0) return;
    }
  }

  /** The keys of a chunk that a range covers: from one index up to but not including another. */
  #partOf(chunk: KeyChunk, range: KeyRange): { from: number; to: number } {
    const from = this.#lowerBound(chunk, range.start);
    const isWithin = range.end === undefined || this.#less(chunk.last, range.end);
    return { from, to: isWithin ? chunk.keys.length : this.#lowerBound(chunk, range.end) };
  }

  #total(): number {
    this.#settleAll();
    return this.#sizeBefore(this.#chunks.length);
  }

  #rank(key: StoredKey): number {
    this.#settleAll();
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    return this.#sizeBefore(at) + (chunk === undefined ? 0 : this.#lowerBound(chunk, key));
  }

  #sizeBefore(chunkIndex: number): number {
    let size = 0;
    for (let i = 0; i < chunkIndex; i++) size += (this.#chunks[i] as KeyChunk).keys.length;
    return size;
  }

  #settleAll(): void {
    if (this.#run.length === 0) return;
    const run = this.#run;
    this.#run = [];
    this.#settle(run);
  }

  #settle(run: StoredKey[]): void {
    if (this.#wide) run.sort(compareKeys);
    else run.sort();
    for (const key of run) this.#place(key, this.#present(key));
  }

  /** Makes the sorted keys agree with the table about one key. */
  #place(key: StoredKey, present: boolean): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      if (present) this.#append(key);
      return;
    }
    const i = this.#lowerBound(chunk, key);
    const found = chunk.keys[i] === key;
    chunk.digest = undefined;
    if (present && !found) this.#insert(at, chunk, i, key);
    else if (!present && found) this.#remove(at, chunk, i);
  }

  /** Adds a key above all others. A full last chunk is left full: keys often come in order. */
  #append(key: StoredKey): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.keys.length >= CHUNK_LIMIT) {
      this.#chunks.push(new KeyChunk([key]));
    } else {
      last.keys.push(key);
      last.digest = undefined;
    }
  }

  #insert(at: number, { keys }: KeyChunk, i: number, key: StoredKey): void {
    keys.splice(i, 0, key);
    if (keys.length > CHUNK_LIMIT)
      this.#chunks.splice(at + 1, 0, new KeyChunk(keys.splice(CHUNK_LIMIT >> 1)));
  }

  #remove(at: number, { keys }: KeyChunk, i: number): void {
    keys.splice(i, 1);
    if (keys.length >= CHUNK_LOW) return;
    const next = this.#chunks[at + 1];
    if (keys.length === 0) this.#chunks.splice(at, 1);
    else if (next !== undefined && keys.length + next.keys.length <= CHUNK_LIMIT >> 1) {
      keys.push(...next.keys);
      this.#chunks.splice(at + 1, 1);
    }
  }

  /** The first chunk whose last key is not below `key`; the number of chunks when there is none. */
  #chunkOf(key: StoredKey): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#less((this.#chunks[middle] as KeyChunk).last, key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The number of keys of a chunk that are below `key`. */
  #lowerBound({ keys }: KeyChunk, key: StoredKey): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#less(keys[middle] as StoredKey, key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** JavaScript's own comparison is several times faster, and right until surrogates can meet units above them. */
  #less(a: StoredKey, b: StoredKey): boolean {
    return this.#wide ? compareKeys(a, b) < 0 : a < b;
  }

  /** The keys so far hold no wide unit, so their order stays as it is. */
  #widen(): void {
    this.#wide = true;
  }
}

function visitUp(keys: readonly StoredKey[], from: number, to: number, visit: KeyVisitor): boolean {
  for (let i = from; i < to; i++) if (!visit(keys[i] as StoredKey)) return false;
  return true;
}

function visitDown(keys: readonly StoredKey[], from: number, to: number, visit: KeyVisitor): boolean {
  for (let i = to - 1; i >= from; i--) if (!visit(keys[i] as StoredKey)) return false;
  return true;
}
