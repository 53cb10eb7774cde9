import { LRUCache } from "lru-cache";
import type { Batch } from "../backends/backend.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { Clock } from "../core/runtime.js";
import { namespaceOfCacheKey } from "./cache-key.js";
import { FillGuard, NO_PLACE, TOLD_LATER, type FillTicket, type Ordinal } from "./fill-guard.js";
import { KeysUnderWay } from "./keys-under-way.js";

export interface EntryCacheOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Entries are dropped this long after they were filled; 0: never. */
  readonly ttlMs: number;
}

/** What a cache answers from what it holds; undefined where it does not know. */
export interface CacheAnswers {
  /** What is known of a key, counted as a hit or a miss. */
  lookup(key: string): DecodedEntry | undefined;
  /** As `lookup`, not counted. */
  peek(key: string): DecodedEntry | undefined;
}

/** Counts since the cache was made or cleared. */
export interface EntryCacheCounts {
  hits: number;
  misses: number;
  evictions: number;
  expirations: number;
  loads: number;
  coalesced: number;
  invalidations: number;
}

/**
 * A least-recently-used cache of entries and absences, bounded by entries and by estimated bytes. Keys are made by
 * `cacheKey`.
 *
 * Nothing is filled that a change has overtaken since it was asked for (see FillGuard). Where other processes change
 * the data too, each entry is kept with the place in the change log that it is as of, so that the log's changes drop
 * exactly what has not seen them: what this process wrote itself outlives the news of its own commits.
 */
export class EntryCache implements CacheAnswers {
  readonly maxEntries: number;
  readonly #entries: LRUCache<string, DecodedEntry>;
  readonly #clock: Clock;
  readonly #guard = new FillGuard();
  /** The place in the log that an entry is as of, where it is known; undefined where nobody else changes the data. */
  readonly #places: Map<string, Ordinal> | undefined;
  #counts = noCounts();
  /** What was counted before the last `clear`. */
  #earlier = noCounts();
  #absences = 0;
  readonly #underWay: KeysUnderWay[] = [];
  #retired = false;

  /** @param isShared other processes change the data too, and the cache is told of the log's changes. */
  constructor(options: EntryCacheOptions, clock: Clock, isShared = false) {
    this.maxEntries = options.maxEntries;
    this.#clock = clock;
    this.#places = isShared ? new Map() : undefined;
    this.#entries = new LRUCache({
      max: options.maxEntries,
      maxSize: options.maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
      dispose: (entry, key, reason) => this.#disposed(entry, key, reason),
      ...(options.ttlMs > 0 ? { ttl: options.ttlMs, perf: { now: () => clock.monotonic() } } : {}),
    });
  }

  lookup(key: string): DecodedEntry | undefined {
    const entry = this.peek(key);
    if (entry === undefined) this.#counts.misses += 1;
    else this.#counts.hits += 1;
    return entry;
  }

  /** Knows nothing of a key while a commit that writes it is under way. */
  peek(key: string): DecodedEntry | undefined {
    if (this.isUnderWay(key)) return undefined;
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.staleAt === Infinity) return entry;
    if (this.#clock.monotonic() < entry.staleAt) return entry;
    this.#entries.delete(key);
    this.#counts.expirations += 1;
    return undefined;
  }

  /**
   * A call is sent. Until it is answered its keys are not answered from here: who has seen a new value of one in the
   * backend must not find an old value of another.
   */
  callSent(batches: readonly Batch[]): KeysUnderWay {
    const keys = new KeysUnderWay(batches);
    this.#underWay.push(keys);
    return keys;
  }

  callEnded(keys: KeysUnderWay): void {
    this.#underWay.splice(this.#underWay.indexOf(keys), 1);
  }

  /** Whether a commit that writes the key was sent and is not answered yet. */
  isUnderWay(key: string): boolean {
    const calls = this.#underWay;
    for (let i = 0; i < calls.length; i++) if ((calls[i] as KeysUnderWay).has(key)) return true;
    return false;
  }

  /** The backend is about to be asked; to be ended by `endAnswer`, however that went. */
  expectAnswer(): FillTicket {
    return this.#guard.expectAnswer();
  }

  endAnswer(): void {
    this.#guard.endAnswer();
  }

  /**
   * Whether an answer is the last that is known of a key: nothing changed it since the ticket was taken that the
   * answer has not seen.
   *
   * What is kept already needs no look. If it came after the ticket, the guard knows its place. If it was there before,
   * an answer reaches at least as far as all that is kept did when it was asked for, or history was replaced: then
   * FollowedLog has dropped everything before it is a read's turn, and a commit of this process is newer whatever place
   * it got.
   *
   * @param ordinal the place in the change log that the answer is as of; absent when it did not say.
   */
  mayFill(key: string, ticket: FillTicket, ordinal?: Ordinal): boolean {
    return !this.#retired && this.#guard.allows(key, ticket, ordinal);
  }

  /** Keeps an entry; `mayFill` was asked. `ordinal` absent: any change that the log brings from now on drops it. */
  fill(key: string, entry: DecodedEntry, ordinal?: Ordinal): void {
    const absent = entry.version === null;
    // What is set once more in its own place is not disposed of.
    if (absent && this.#entries.peek(key, { allowStale: true }) !== entry) this.#absences += 1;
    this.#entries.set(key, entry);
    if (absent || this.#places !== undefined) this.#filled(key, absent, ordinal);
  }

  /** Forgets a key that changed, and keeps answers on their way that have not seen it from filling it. */
  invalidate(key: string, ordinal: Ordinal = NO_PLACE): void {
    this.#drop(key);
    this.#guard.keyChanged(key, ordinal);
  }

  /**
   * As `invalidate`, with what took the place of what was kept; `mayFill` was asked. In one step: when its last entry is
   * deleted, the list of entries clears all the room that it has.
   */
  correct(key: string, entry: DecodedEntry): void {
    if (this.#entries.peek(key, { allowStale: true }) !== undefined) this.#counts.invalidations += 1;
    this.#guard.keyChanged(key, NO_PLACE);
    this.fill(key, entry);
  }

  /** Forgets a key that may have changed. Where the log is read it tells of it; elsewhere it counts as changed. */
  doubt(key: string): void {
    this.#drop(key);
    this.#guard.keyChanged(key, this.#places === undefined ? NO_PLACE : TOLD_LATER);
  }

  /** Keeps answers on their way that have not seen a change of a key from filling it. */
  changed(key: string, ordinal: Ordinal = NO_PLACE): void {
    this.#guard.keyChanged(key, ordinal);
  }

  /** As `changed`, by an answer that is not ended yet itself. */
  changedByAnswer(key: string, ordinal?: Ordinal): void {
    if (this.#guard.awaited > 1) this.changed(key, ordinal);
  }

  /** The log tells that a key changed: what is kept of it is dropped unless it has seen that change. */
  overtake(key: string, ordinal: Ordinal): void {
    if ((this.#places?.get(key) ?? 0) < ordinal) this.#drop(key);
    this.#guard.keyChanged(key, ordinal);
  }

  /** As `overtake`, of every key of a namespace. */
  overtakeNamespace(namespace: string, ordinal: Ordinal): void {
    for (const key of [...this.#entries.keys()]) {
      const isOlder = (this.#places?.get(key) ?? 0) < ordinal;
      if (isOlder && namespaceOfCacheKey(key) === namespace) this.#drop(key);
    }
    this.#guard.namespaceChanged(namespace, ordinal);
  }

  /** Forgets whole namespaces, and keeps answers on their way from filling any of them. */
  invalidateNamespaces(namespaces: ReadonlySet<string>): void {
    for (const key of [...this.#entries.keys()])
      if (namespaces.has(namespaceOfCacheKey(key))) this.#drop(key);
    for (const namespace of namespaces) this.#guard.namespaceChanged(namespace, NO_PLACE);
  }

  invalidateNamespace(namespace: string): void {
    this.overtakeNamespace(namespace, NO_PLACE);
  }

  /** From here on the namespace's log is read: answers on their way as of an earlier place may have missed changes. */
  followedFrom(namespace: string, ordinal: Ordinal): void {
    this.#guard.namespaceChanged(namespace, ordinal);
  }

  /** Forgets everything, zeroes the counts, and keeps answers on their way from filling anything. */
  clear(): void {
    this.#guard.everythingChanged();
    this.#entries.clear();
    this.#earlier = this.totals;
    this.#counts = noCounts();
  }

  /** Forgets everything for good: another cache has taken its place, and is told of changes instead. */
  retire(): void {
    this.clear();
    this.#retired = true;
  }

  /** Answers a read that is not to be answered from here: counts a miss. */
  miss(): undefined {
    this.#counts.misses += 1;
  }

  countLoad(): void {
    this.#counts.loads += 1;
  }

  countCoalesced(): void {
    this.#counts.coalesced += 1;
  }

  get counts(): Readonly<EntryCacheCounts> {
    return this.#counts;
  }

  /** The counts since the cache was made, through every `clear`. */
  get totals(): EntryCacheCounts {
    const totals = { ...this.#earlier };
    for (const name of Object.keys(totals) as (keyof EntryCacheCounts)[]) totals[name] += this.#counts[name];
    return totals;
  }

  /** Entries held, absences not counted. */
  get size(): number {
    return this.#entries.size - this.#absences;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  #filled(key: string, absent: boolean, ordinal: Ordinal | undefined): void {
    const isKept = this.#entries.has(key);
    // An entry larger than the whole cache is not kept, and not disposed of either.
    if (absent && !isKept) this.#absences -= 1;
    if (isKept && ordinal !== undefined) this.#places?.set(key, ordinal);
  }

  #drop(key: string): void {
    if (this.#entries.delete(key)) this.#counts.invalidations += 1;
  }

  #disposed(entry: DecodedEntry, key: string, reason: string): void {
    this.#places?.delete(key);
    if (entry.version === null) this.#absences -= 1;
    if (reason === "evict") this.#counts.evictions += 1;
    else if (reason === "expire") this.#counts.expirations += 1;
  }
}

function noCounts(): EntryCacheCounts {
  return {
    hits: 0,
    misses: 0,
    evictions: 0,
    expirations: 0,
    loads: 0,
    coalesced: 0,
    invalidations: 0,
  };
}
