import type { DecodedEntry } from "./decoded-entry.js";
import { parseDuration, type Duration } from "./duration.js";

/**
 * The expiry that a ttl of a public call stands for: none for undefined and 0.
 *
 * @throws StorageFault `invalid-ttl`.
 */
export function expiryIn(ttl: Duration | undefined): { readonly in: number } | undefined {
  if (ttl === undefined) return undefined;
  const ttlMs = parseDuration(ttl);
  return ttlMs === 0 ? undefined : { in: ttlMs };
}

/** Milliseconds left, rounded up so that a live key never reports 0; -1 without expiry, -2 when absent. */
export function remainingTtl(entry: DecodedEntry, monotonicMs: number): number {
  if (entry.version === null) return -2;
  if (entry.staleAt === Infinity || entry.expiresAt === Infinity) return -1;
  return Math.max(1, Math.ceil(entry.staleAt - monotonicMs));
}
