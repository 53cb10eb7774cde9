import { LRUCache } from "lru-cache";
import type { Batch } from "../backends/backend.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { Clock } from "../core/runtime.js";
import { namespaceOfCacheKey } from "./cache-key.js";
import { KeysUnderWay } from "./keys-under-way.js";

export interface EntryCacheOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Entries are dropped this long after they were filled; 0: never. */
  readonly ttlMs: number;
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

/** When an answer was asked for, in the order of changes; see `expectAnswer`. */
export type FillTicket = number;

/**
 * A least-recently-used cache of entries and absences, bounded by entries and by estimated bytes. Keys are made by
 * `cacheKey`.
 *
 * Whoever asks the backend takes a ticket first and shows it when the answer arrives: a key that changed in between
 * must not be filled with it, or a value older than the change would stay for good. Changes are numbered; while
 * answers are awaited, the number of each key's last change is kept.
 */
export class EntryCache {
  readonly maxEntries: number;
  readonly #entries: LRUCache<string, DecodedEntry>;
  readonly #clock: Clock;
  #counts = noCounts();
  /** What was counted before the last `clear`. */
  #earlier = noCounts();
  #absences = 0;
  #underWay: KeysUnderWay | undefined;
  #lastChange = 0;
  #awaited = 0;
  readonly #changedAt = new Map<string, number>();
  readonly #namespaceChangedAt = new Map<string, number>();
  #clearedAt = 0;
  #retired = false;

  constructor(options: EntryCacheOptions, clock: Clock) {
    this.maxEntries = options.maxEntries;
    this.#clock = clock;
    this.#entries = new LRUCache({
      max: options.maxEntries,
      maxSize: options.maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
      dispose: (entry, _key, reason) => this.#disposed(entry, reason),
      ...(options.ttlMs > 0 ? { ttl: options.ttlMs, perf: { now: () => clock.monotonic() } } : {}),
    });
  }

  /** What is known of a key, counted as a hit or a miss. */
  lookup(key: string): DecodedEntry | undefined {
    const entry = this.peek(key);
    if (entry === undefined) this.#counts.misses += 1;
    else this.#counts.hits += 1;
    return entry;
  }

  /** What is known of a key, not counted; nothing while a commit that writes it is under way. */
  peek(key: string): DecodedEntry | undefined {
    if (this.#underWay !== undefined && this.#underWay.has(key)) return undefined;
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.staleAt === Infinity) return entry;
    if (this.#clock.monotonic() < entry.staleAt) return entry;
    this.#entries.delete(key);
    this.#counts.expirations += 1;
    return undefined;
  }

  /**
   * A commit is sent, or with undefined answered. In between its keys are not answered from here: who has seen a new
   * value of one in the backend must not find an old value of another.
   */
  set underWay(batches: readonly Batch[] | undefined) {
    this.#underWay = batches === undefined ? undefined : new KeysUnderWay(batches);
  }

  /** The backend is about to be asked; to be ended by `endAnswer`, however that went. */
  expectAnswer(): FillTicket {
    this.#awaited += 1;
    return this.#lastChange;
  }

  endAnswer(): void {
    this.#awaited -= 1;
    if (this.#awaited > 0 || this.#lastChange === 0) return;
    if (this.#changedAt.size > 0) this.#changedAt.clear();
    if (this.#namespaceChangedAt.size > 0) this.#namespaceChangedAt.clear();
  }

  /** Whether nothing changed a key since the ticket was taken. */
  mayFill(key: string, ticket: FillTicket): boolean {
    if (this.#retired) return false;
    if (this.#lastChange === ticket) return true;
    if (this.#clearedAt > ticket || (this.#changedAt.get(key) ?? 0) > ticket) return false;
    return (this.#namespaceChangedAt.get(namespaceOfCacheKey(key)) ?? 0) <= ticket;
  }

  /** Keeps an entry; `mayFill` was asked. */
  fill(key: string, entry: DecodedEntry): void {
    const absent = entry.version === null;
    // What is set once more in its own place is not disposed of.
    if (absent && this.#entries.peek(key, { allowStale: true }) !== entry) this.#absences += 1;
    this.#entries.set(key, entry);
    // An entry larger than the whole cache is not kept, and not disposed of either.
    if (absent && !this.#entries.has(key)) this.#absences -= 1;
  }

  /** Forgets a key that changed, and keeps answers on their way from filling it. */
  invalidate(key: string): void {
    if (this.#entries.delete(key)) this.#counts.invalidations += 1;
    this.changed(key);
  }

  /** Keeps answers on their way from filling a key. */
  changed(key: string): void {
    if (this.#awaited > 0) this.#changedAt.set(key, ++this.#lastChange);
  }

  /** As `changed`, by an answer that is not ended yet itself. */
  changedByAnswer(key: string): void {
    if (this.#awaited > 1) this.changed(key);
  }

  /** Forgets a whole namespace, and keeps answers on their way from filling any of it. */
  invalidateNamespace(namespace: string): void {
    for (const key of [...this.#entries.keys()]) {
      if (namespaceOfCacheKey(key) === namespace) this.invalidate(key);
    }
    if (this.#awaited > 0) this.#namespaceChangedAt.set(namespace, ++this.#lastChange);
  }

  /** Forgets everything, zeroes the counts, and keeps answers on their way from filling anything. */
  clear(): void {
    this.#clearedAt = ++this.#lastChange;
    this.#entries.clear();
    this.#earlier = this.totals;
    this.#counts = noCounts();
  }

  /** Forgets everything for good: another cache has taken its place, and is told of changes instead. */
  retire(): void {
    this.clear();
    this.#retired = true;
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

  #disposed(entry: DecodedEntry, reason: string): void {
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
