import type { LongRow } from "../support/long-row.js";
import { tryKills } from "./kill-rounds.js";

export const rows: readonly LongRow[] = [
  {
    id: "R1-file",
    title: "a writing process ended by kill -9, and its store opened",
    fullRounds: 10_000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const until = performance.now() + minutes * 60_000;
      const totals = await tryKills({ seed, rounds, until });
      return {
        rounds: totals.rounds,
        failures: totals.failures.length,
        details: totals.failures,
        counts: { "acknowledged commits": totals.acknowledged },
      };
    },
  },
];
