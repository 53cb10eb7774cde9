import type { ChangeFollower } from "../cache/change-follower.js";
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
  /** How far an answer may be behind other processes, in milliseconds; 0 where nobody else changes the data. */
  readonly maxStalenessMs: number;
  /** Namespaces whose changes by other processes are followed; 0 where nobody else changes the data. */
  readonly followed: number;
  /** Those of them that are read past the cache just now, since the backend has not confirmed the bound in time. */
  readonly bypassed: number;
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
  maxStalenessMs: 0,
  followed: 0,
  bypassed: 0,
});

/** @param follower what keeps the cache coherent with other processes, where there are any. */
export function cacheStats(cache: EntryCache, follower?: ChangeFollower): CacheStats {
  const { counts, size, maxEntries, bytes } = cache;
  const asked = counts.hits + counts.misses;
  return {
    enabled: true,
    ...counts,
    size,
    maxSize: maxEntries,
    hitRate: asked === 0 ? 0 : counts.hits / asked,
    bytes,
    maxStalenessMs: follower?.maxStalenessMs ?? 0,
    followed: follower?.followed ?? 0,
    bypassed: follower?.bypassed ?? 0,
  };
}
