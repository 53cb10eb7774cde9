import { isDeepStrictEqual } from "node:util";
import type { ResolvedSettings } from "./settings.js";

/** Whether two configurations differ at most in what a running store can change: its cache and its transactions. */
export function differsOnlyInTunables(now: ResolvedSettings, wanted: ResolvedSettings): boolean {
  const { cache: _cache, transaction: _transaction, ...fixed } = wanted;
  const { cache: _oldCache, transaction: _oldTransaction, ...oldFixed } = now;
  return now.transaction.maxOpen === wanted.transaction.maxOpen && isDeepStrictEqual(fixed, oldFixed);
}
