import type { LongRow } from "../support/long-row.js";
import { tryRaces } from "./lock-races.js";

export const rows: readonly LongRow[] = [
  {
    id: "R12-file",
    title: "8 processes racing for a lock whose owner is dead",
    fullRounds: 1000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const until = performance.now() + minutes * 60_000;
      const totals = await tryRaces({ seed, rounds, racers: 8, until });
      return { rounds: totals.rounds, failures: totals.failures.length, details: totals.failures };
    },
  },
];
