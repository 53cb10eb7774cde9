import type { EntryCache } from "../cache/entry-cache.js";

export interface CacheStats {
  readonly enabled: boolean;
  readonly hits: number;
  readonly misses: number;
  /** Entries held; absences are not counted. */
  readonly size: number;
  readonly maxSize: number;
  /** hits / (hits + misses); 0 before the first. */
  readonly hitRate: number;
  readonly evictions: number;
  readonly expirations: number;
  /** Reads of the backend on behalf of misses. */
  readonly loads: number;
  /** Misses that shared another one's load. */
  readonly coalesced: number;
  readonly invalidations: number;
  /** Estimated bytes of the entries held. */
  readonly bytes: number;
}

/** What is said of a cache that is turned off. */
export const NO_CACHE: CacheStats = Object.freeze({
  enabled: false,
  hits: 0,
  misses: 0,
  size: 0,
  maxSize: 0,
  hitRate: 0,
  evictions: 0,
  expirations: 0,
  loads: 0,
  coalesced: 0,
  invalidations: 0,
  bytes: 0,
});

export function cacheStats(cache: EntryCache): CacheStats {
  const { counts, size, maxEntries, bytes } = cache;
  const asked = counts.hits + counts.misses;
  return {
    enabled: true,
    ...counts,
    size,
    maxSize: maxEntries,
    hitRate: asked === 0 ? 0 : counts.hits / asked,
    bytes,
  };
}
