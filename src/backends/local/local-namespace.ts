import type { Header } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { DigestSum, type EntryHash } from "../../core/range-digest.js";
import { HEADS, inRange, intersection, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { ChangedWrite, DeleteRange, KeyOnly } from "../backend.js";
import { ChangeLog, type Retention } from "./change-log.js";
import { ExpiryQueue } from "./expiry-queue.js";
import type { ChunkDigest, KeyChunk } from "./key-chunk.js";
import { KeyTable } from "./key-table.js";
import type { Applied, LocalCommit, LocalWrite } from "./local-commit.js";
import { ExpiringEntry, footprint, isLive, type LocalEntry } from "./local-entry.js";
import { OrderedIndex } from "./ordered-index.js";

/** Keys looked at for one page; when most have expired, a page may be shorter than asked for. */
const WALK_LIMIT = 4096;

/** Chunks added up in one turn of the event loop: some milliseconds. */
const PREPARED_CHUNKS = 4;

/** Some entries of a range, and the key that the walk has come to when it is not through. */
export interface Walk<E> {
  readonly entries: readonly E[];
  readonly resumeAfter: StoredKey | undefined;
}

/** The entries of one namespace by key, in order and by deadline, and its change log. */
export class LocalNamespace {
  readonly log: ChangeLog;
  #bytes = 0;
  #table = new KeyTable<LocalEntry>();
  #index = this.#emptyIndex();
  readonly #expiring = new ExpiryQueue();

  constructor(retention: Retention) {
    this.log = new ChangeLog(retention);
  }

  /** Entries held, expired ones included. */
  get size(): number {
    return this.#table.size;
  }

  /** Roughly the memory that the entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: StoredKey, now: number): LocalEntry | undefined {
    const entry = this.#table.get(key);
    return entry !== undefined && isLive(entry, now) ? entry : undefined;
  }

  /** The same key as it is held: tables keep the text they first saw, and an entry should not bring another copy. */
  heldKey(key: StoredKey): StoredKey {
    return this.#table.get(key)?.key ?? key;
  }

  /** The entry held under a key, live or expired. */
  held(key: StoredKey): LocalEntry | undefined {
    return this.#table.get(key);
  }

  /** The keys held in a range, of live and of expired entries. */
  heldKeys(range: KeyRange): StoredKey[] {
    const held: StoredKey[] = [];
    this.#index.walkChunks(range, false, ({ keys }, from, to) => {
      for (let i = from; i < to; i++) held.push(keys[i] as StoredKey);
      return true;
    });
    return held;
  }

  /** The first live entries of a range, or the last with `reverse`. */
  walk(range: KeyRange, reverse: boolean, limit: number, now: number): Walk<LocalEntry> {
    return this.#collect(range, reverse, limit, (key) => this.get(key, now));
  }

  /** As {@link walk}, their keys alone: until a deadline has passed every key held is live, and none is looked up. */
  walkKeys(range: KeyRange, reverse: boolean, limit: number, now: number): Walk<KeyOnly> {
    if (this.#expiring.nextMs > now) return this.#heldKeys(range, reverse, limit);
    return this.#collect(range, reverse, limit, (key) =>
      this.get(key, now) === undefined ? undefined : { key },
    );
  }

  /** The number of live entries of a range: by rank, less what has expired there. */
  count(range: KeyRange, now: number): number {
    const held = this.#index.count(range);
    if (held === 0 || this.#expiring.nextMs > now) return held;
    const due = this.#expiring.due(now, Infinity);
    return held - due.filter((entry) => inRange(entry.key, range)).length;
  }

  /** What the live entries of a range add up to; whole chunks are remembered from one time to the next. */
  digest(range: KeyRange, now: number, hash: EntryHash): DigestSum {
    const total = new DigestSum(hash);
    this.#index.walkChunks(range, false, (chunk, from, to) => {
      const isWhole = to - from === chunk.keys.length;
      total.include(
        isWhole ? this.#chunkDigest(chunk, now, hash) : this.#sum(chunk, from, to, now, hash).sum,
      );
      return true;
    });
    return total;
  }

  /**
   * Adds up a slice of a range ahead of {@link digest}, which is then short.
   *
   * @returns what is left of the range, or undefined when it is done
   */
  prepareDigest(range: KeyRange, now: number, hash: EntryHash): KeyRange | undefined {
    let chunks = 0;
    let rest: KeyRange | undefined;
    this.#index.walkChunks(range, false, (chunk, from, to) => {
      if (to - from === chunk.keys.length) this.#chunkDigest(chunk, now, hash);
      chunks += 1;
      if (chunks < PREPARED_CHUNKS) return true;
      rest = rangeBeyond(range, chunk.last, false);
      return false;
    });
    return rest;
  }

  /** Entries whose deadline has passed but that are still held, at most `limit`. */
  due(now: number, limit: number): readonly LocalEntry[] {
    return this.#expiring.due(now, limit);
  }

  /** By how many bytes writes would make this grow, or shrink when negative. */
  growth(writes: readonly LocalWrite[]): number {
    const dropped: KeyRange[] = [];
    let growth = 0;
    for (const write of writes) {
      if (write.kind === "delete-range") {
        dropped.push(write.range);
        growth -= this.#heldIn(write.range);
        continue;
      }
      const key = write.kind === "put" ? write.entry.key : write.key;
      if (write.kind === "put") growth += footprint(write.entry);
      if (!dropped.some((range) => inRange(key, range))) growth -= this.#held(key);
    }
    return growth;
  }

  /** Every entry held, in no particular order. */
  entries(): LocalEntry[] {
    return this.#table.values();
  }

  /** Adds an entry without a commit, as when loading a snapshot. */
  load(entry: LocalEntry): void {
    this.#put(entry);
  }

  apply(commit: LocalCommit): Applied {
    const { writes, now } = commit;
    const applied =
      writes.length === 1 ? this.#applyOne(writes[0] as LocalWrite, now) : this.#applyAll(writes, now);
    this.log.finish(commit.position, now);
    return applied;
  }

  /** Walks a range until `limit` entries are found, or enough keys were looked at for one page. */
  #collect<E>(
    range: KeyRange,
    reverse: boolean,
    limit: number,
    find: (key: StoredKey) => E | undefined,
  ): Walk<E> {
    const entries: E[] = [];
    let looked = 0;
    let resumeAfter: StoredKey | undefined;
    this.#index.walk(range, reverse, (key) => {
      const entry = find(key);
      if (entry !== undefined) entries.push(entry);
      looked += 1;
      if (entries.length < limit && looked < WALK_LIMIT) return true;
      resumeAfter = key;
      return false;
    });
    return { entries, resumeAfter };
  }

  /** The keys of a range that stand in one chunk, so that they are copied and not visited one by one. */
  #heldKeys(range: KeyRange, reverse: boolean, limit: number): Walk<KeyOnly> {
    let part: StoredKey[] = [];
    this.#index.walkChunks(range, reverse, ({ keys }, from, to) => {
      part = reverse
        ? keys.slice(Math.max(from, to - limit), to).reverse()
        : keys.slice(from, Math.min(to, from + limit));
      return false;
    });
    return { entries: part.map((key) => ({ key })), resumeAfter: part.at(-1) };
  }

  #applyOne(write: LocalWrite, now: number): Applied {
    if (write.kind === "delete-range") {
      return { replaced: NONE_REPLACED, removed: this.#applyToRange(write, now) };
    }
    const replaced = this.#applyToKey(write, now);
    return { replaced: replaced === undefined ? NONE_REPLACED : [replaced], removed: 0 };
  }

  #applyAll(writes: readonly LocalWrite[], now: number): Applied {
    const replaced: (Header | undefined)[] = [];
    let removed = 0;
    for (const write of writes) {
      if (write.kind === "delete-range") {
        removed += this.#applyToRange(write, now);
        replaced.push(undefined);
      } else {
        replaced.push(this.#applyToKey(write, now));
      }
    }
    return { replaced, removed };
  }

  /** How many live heads the range held. */
  #applyToRange(write: DeleteRange, now: number): number {
    const removed = this.#countHeads(write.range, now);
    if (this.#index.count(write.range) === this.#table.size) this.#clear();
    else this.#dropKeys(write.range);
    this.log.add(write);
    return removed;
  }

  /** The live entry that was there. */
  #applyToKey(write: Exclude<LocalWrite, DeleteRange>, now: number): LocalEntry | undefined {
    const before = write.kind === "put" ? this.#put(write.entry) : this.#delete(write.key);
    const wasLive = before !== undefined && isLive(before, now);
    // Whoever follows the log learns of every entry that expired, also when it was not swept but overwritten.
    if (before !== undefined && !wasLive && write.kind !== "expire") this.log.add(removal("expire", before));
    if (write.kind === "put") this.#logPut(write.entry);
    else this.log.add(before === undefined ? write : removal(write.kind, before));
    return wasLive ? before : undefined;
  }

  #logPut({ key, type, expiresAt }: LocalEntry): void {
    if (expiresAt === undefined) this.log.put(key, type);
    else this.log.add({ kind: "put", key, type, expiresAt });
  }

  #put(entry: LocalEntry): LocalEntry | undefined {
    const isNew = this.#index.isBeyond(entry.key);
    const before = isNew ? undefined : this.#table.get(entry.key);
    if (isNew) this.#table.append(entry.key, entry);
    else this.#table.set(entry.key, entry);
    this.#bytes += footprint(entry) - (before === undefined ? 0 : footprint(before));
    if (before === undefined) this.#index.touch(entry.key);
    else this.#index.changed(entry.key);
    if (before instanceof ExpiringEntry) this.#expiring.remove(before);
    if (entry instanceof ExpiringEntry) this.#expiring.add(entry);
    return before;
  }

  #delete(key: StoredKey): LocalEntry | undefined {
    const before = this.#table.get(key);
    if (before === undefined) return undefined;
    this.#table.delete(key);
    this.#bytes -= footprint(before);
    this.#index.touch(key);
    if (before instanceof ExpiringEntry) this.#expiring.remove(before);
    return before;
  }

  #chunkDigest(chunk: KeyChunk, now: number, hash: EntryHash): DigestSum {
    const known = chunk.digest;
    if (known !== undefined && known.untilMs > now) return known.sum;
    const digest = this.#sum(chunk, 0, chunk.keys.length, now, hash);
    this.#index.remember(chunk, digest);
    return digest.sum;
  }

  #sum({ keys }: KeyChunk, from: number, to: number, now: number, hash: EntryHash): ChunkDigest {
    const sum = new DigestSum(hash);
    let untilMs = Infinity;
    for (let i = from; i < to; i++) {
      const entry = this.get(keys[i] as StoredKey, now);
      if (entry === undefined) continue;
      sum.add(entry.key, entry.version);
      if (entry.expiresAt !== undefined && entry.expiresAt < untilMs) untilMs = entry.expiresAt;
    }
    return { sum, untilMs };
  }

  #held(key: StoredKey): number {
    const entry = this.#table.get(key);
    return entry === undefined ? 0 : footprint(entry);
  }

  #heldIn(range: KeyRange): number {
    let bytes = 0;
    this.#index.walk(range, false, (key) => {
      bytes += this.#held(key);
      return true;
    });
    return bytes;
  }

  #countHeads(range: KeyRange, now: number): number {
    return this.count(intersection(range, HEADS), now);
  }

  #clear(): void {
    this.#table = new KeyTable();
    this.#index = this.#emptyIndex();
    this.#expiring.clear();
    this.#bytes = 0;
  }

  #dropKeys(range: KeyRange): void {
    this.#index.walk(range, false, (key) => {
      const entry = this.#table.get(key) as LocalEntry;
      this.#table.delete(key);
      this.#bytes -= footprint(entry);
      if (entry instanceof ExpiringEntry) this.#expiring.remove(entry);
      return true;
    });
    this.#index.drop(range);
  }

  #emptyIndex(): OrderedIndex {
    const table = this.#table;
    return new OrderedIndex((key) => table.has(key));
  }
}

const NONE_REPLACED: readonly undefined[] = Object.freeze([undefined]);

function removal(kind: "delete" | "expire", { key, incarnation }: LocalEntry): ChangedWrite {
  return incarnation === undefined ? { kind, key } : { kind, key, incarnation };
}
