import type { ChangeFollower } from "../cache/change-follower.js";
import type { EntryCache, EntryCacheCounts } from "../cache/entry-cache.js";
import type { OpenTransactions } from "../transaction/open-transactions.js";

/** One figure, as a plugin publishes it. */
export interface StorageMetric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly value: number;
}

const CACHE_COUNTERS: Readonly<Record<keyof EntryCacheCounts, string>> = {
  hits: "Reads answered by the cache",
  misses: "Reads the cache had no answer for",
  evictions: "Entries dropped to make room",
  expirations: "Entries dropped at their deadline",
  loads: "Reads of the backend on behalf of misses",
  coalesced: "Misses that shared another one's load",
  invalidations: "Entries dropped because the key changed",
};

/** The figures of a store. Counters go on through `clearCache`. */
export function storageMetrics(store: {
  readonly cache: EntryCache | undefined;
  readonly follower?: ChangeFollower | undefined;
  readonly services: { readonly open: OpenTransactions };
}): StorageMetric[] {
  const { cache, follower, services } = store;
  const open: StorageMetric = {
    name: "holdfast_transactions_open",
    help: "Transactions begun and not finished",
    kind: "gauge",
    value: services.open.size,
  };
  const cached = cache === undefined ? [] : cacheMetrics(cache);
  return [open, ...cached, ...(follower === undefined ? [] : followerMetrics(follower))];
}

function followerMetrics({ followed, bypassed }: ChangeFollower): StorageMetric[] {
  return [
    {
      name: "holdfast_cache_namespaces_followed",
      help: "Namespaces whose changes by other processes are followed",
      kind: "gauge",
      value: followed,
    },
    {
      name: "holdfast_cache_namespaces_bypassed",
      help: "Followed namespaces read past the cache, the backend not confirming the staleness bound",
      kind: "gauge",
      value: bypassed,
    },
  ];
}

function cacheMetrics(cache: EntryCache): StorageMetric[] {
  const totals = cache.totals;
  const counters = Object.entries(CACHE_COUNTERS).map(([count, help]) => ({
    name: `holdfast_cache_${count}_total`,
    help,
    kind: "counter" as const,
    value: totals[count as keyof EntryCacheCounts],
  }));
  const size = {
    name: "holdfast_cache_entries",
    help: "Entries held",
    kind: "gauge" as const,
    value: cache.size,
  };
  const bytes = {
    name: "holdfast_cache_bytes",
    help: "Estimated bytes held",
    kind: "gauge" as const,
    value: cache.bytes,
  };
  return [...counters, size, bytes];
}
