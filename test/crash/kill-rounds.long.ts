import type { LongRow } from "../support/long-row.js";
import { CRASH_STORES, type CrashStore } from "./crash-store.js";
import { tryKills } from "./kill-rounds.js";

const STORES = 8;

function rowOf(store: CrashStore): LongRow {
  return {
    id: `R1-${store.name}`,
    title: "a store opened whose writing process was ended by kill -9",
    fullRounds: 10_000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const until = performance.now() + minutes * 60_000;
      const totals = await tryKills({ seed, rounds, until, store, stores: STORES });
      return {
        rounds: totals.rounds,
        failures: totals.failures.length,
        details: totals.failures,
        counts: { "acknowledged commits": totals.acknowledged },
      };
    },
  };
}

export const rows: readonly LongRow[] = Object.values(CRASH_STORES).map(rowOf);
