import type { LongRow } from "../support/long-row.js";
import { ALL_STORES, type StoreKind } from "../support/stores.js";
import { reclaim } from "./reclaim.js";

const KEYS = 100_000;
const WITHIN_MS = 600_000;

/** A round is not cut short by the minutes. */
function rowOf(kind: StoreKind): LongRow {
  return {
    id: `expiry-${kind.name.replace(" ", "-")}`,
    title:
      "100 000 keys with a time to live that nobody touches: all reclaimed, indexes included, and told once each",
    fullRounds: 1,
    async run({ rounds = 1, minutes = Infinity, log }) {
      const until = performance.now() + minutes * 60_000;
      const result = { rounds: 0, failures: 0, details: [] as string[], counts: { "keys expired": 0 } };
      while (result.rounds < rounds && (result.rounds === 0 || performance.now() < until)) {
        const store = await kind.fresh();
        if (store === undefined) throw new Error(`${kind.name} needs ${kind.needs}`);
        try {
          const { written, expired, left, afterMs } = await reclaim(store, {
            keys: KEYS,
            withinMs: WITHIN_MS,
          });
          const line = `${written} written, ${expired} expired, ${left ?? "?"} left, ${Math.round(afterMs)} ms after the last deadline`;
          log(line);
          result.rounds += 1;
          result.counts["keys expired"] += expired;
          if (expired === KEYS && (left ?? 0) === 0) continue;
          result.failures += 1;
          result.details.push(line);
        } finally {
          await store.destroy();
        }
      }
      return result;
    },
  };
}

export const rows: readonly LongRow[] = ALL_STORES.map(rowOf);
