import type { LongRow } from "../support/long-row.js";
import { tryRaces, type RaceOptions } from "./lock-races.js";

function rowOf(id: string, title: string, prize: NonNullable<RaceOptions["prize"]>): LongRow {
  return {
    id,
    title,
    fullRounds: 1000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const until = performance.now() + minutes * 60_000;
      const totals = await tryRaces({ seed, rounds, racers: 8, until, prize });
      return { rounds: totals.rounds, failures: totals.failures.length, details: totals.failures };
    },
  };
}

export const rows: readonly LongRow[] = [
  rowOf("R12-file", "8 processes racing for a lock whose owner is dead", "lock"),
  rowOf("R12-directory", "8 processes racing to open a store whose owner is dead", "directory"),
];
