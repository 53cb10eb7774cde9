import type { LongRow } from "../support/long-row.js";
import { STORES, type StoreKind } from "../support/stores.js";
import { canBeFlipped, tryValueFlips } from "./value-flips.js";

function rowOf(kind: StoreKind): LongRow {
  return {
    id: `R7-${kind.name}`,
    title: "a bit flipped in what the database holds of a value: none silently wrong",
    fullRounds: 10_000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const store = await kind.fresh();
      if (store === undefined) throw new Error(`${kind.name} needs ${kind.needs}`);
      try {
        const until = performance.now() + minutes * 60_000;
        const totals = await tryValueFlips(kind, store, { seed, flips: rounds, until });
        return {
          rounds: totals.flips,
          failures: totals.failures.length,
          details: totals.failures.slice(0, 20),
          counts: { "answered with 5003": totals.reported },
        };
      } finally {
        await store.destroy();
      }
    },
  };
}

/** R7, database by database. */
export const rows: readonly LongRow[] = STORES.filter(canBeFlipped).map(rowOf);
