import { LRUCache } from "lru-cache";
import type { Clock } from "../core/runtime.js";
import { namespaceOfCacheKey } from "./cache-key.js";
import type { DecodedEntry } from "../core/decoded-entry.js";

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

/**
 * Taken when a read or a commit is sent, and asked before its answer fills the cache: a key that changed in between
 * must not be filled, or a value older than the change would stay for good.
 */
export interface FillGuard {
  allows(key: string): boolean;
  /** Ends the guard; the cache forgets it. */
  release(): void;
}

/**
 * A least-recently-used cache of decoded entries and absences, bounded by entries and by estimated bytes.
 * Keys are made by `cacheKey`.
 */
export class EntryCache {
  readonly maxEntries: number;
  readonly #entries: LRUCache<string, DecodedEntry>;
  readonly #clock: Clock;
  readonly #guards = new Set<OpenGuard>();
  #counts = noCounts();
  /** What was counted before the last `clear`. */
  #earlier = noCounts();
  #absences = 0;

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

  /** What is known of a key, not counted. */
  peek(key: string): DecodedEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.staleAt === Infinity) return entry;
    if (this.#clock.monotonic() < entry.staleAt) return entry;
    this.#entries.delete(key);
    this.#counts.expirations += 1;
    return undefined;
  }

  /** Keeps an entry. The caller has asked its guard. */
  fill(key: string, entry: DecodedEntry): void {
    if (entry.version === null) this.#absences += 1;
    this.#entries.set(key, entry);
    // An entry larger than the whole cache is not kept, and not disposed of either.
    if (entry.version === null && !this.#entries.has(key)) this.#absences -= 1;
  }

  /** Forgets a key that changed, and keeps answers on their way from filling it. */
  invalidate(key: string): void {
    if (this.#entries.delete(key)) this.#counts.invalidations += 1;
    this.changed(key);
  }

  /** Keeps answers on their way from filling a key, but for the guard of whoever changed it. */
  changed(key: string, by?: FillGuard): void {
    for (const guard of this.#guards) if (guard !== by) guard.add(key);
  }

  /** Forgets a whole namespace, and keeps answers on their way from filling any of it. */
  invalidateNamespace(namespace: string): void {
    for (const key of [...this.#entries.keys()]) {
      if (namespaceOfCacheKey(key) === namespace) this.invalidate(key);
    }
    for (const guard of this.#guards) guard.addNamespace(namespace);
  }

  /** Forgets everything and zeroes the counts. */
  clear(): void {
    for (const guard of this.#guards) guard.close();
    this.#entries.clear();
    this.#earlier = this.totals;
    this.#counts = noCounts();
  }

  guard(): FillGuard {
    const guard = new OpenGuard((done) => this.#guards.delete(done));
    this.#guards.add(guard);
    return guard;
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

class OpenGuard implements FillGuard {
  readonly #forget: (guard: OpenGuard) => void;
  #changed: Set<string> | undefined;
  #namespaces: Set<string> | undefined;
  #closed = false;

  constructor(forget: (guard: OpenGuard) => void) {
    this.#forget = forget;
  }

  allows(key: string): boolean {
    if (this.#closed || this.#changed?.has(key) === true) return false;
    return this.#namespaces === undefined || !this.#namespaces.has(namespaceOfCacheKey(key));
  }

  release(): void {
    this.#forget(this);
  }

  add(key: string): void {
    this.#changed ??= new Set();
    this.#changed.add(key);
  }

  addNamespace(namespace: string): void {
    this.#namespaces ??= new Set();
    this.#namespaces.add(namespace);
  }

  close(): void {
    this.#closed = true;
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
