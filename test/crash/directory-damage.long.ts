import type { LongRow } from "../support/long-row.js";
import { tryDirectoryDamage, type Damage } from "./directory-damage.js";

function damageRow(id: string, title: string, damage: Damage): LongRow {
  return {
    id,
    title,
    fullRounds: 100_000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const until = performance.now() + minutes * 60_000;
      const totals = await tryDirectoryDamage(damage, { seed, rounds, until });
      return {
        rounds: totals.rounds,
        failures: totals.failures.length,
        details: totals.failures.slice(0, 20),
        counts: { "answered with 5003": totals.reported },
      };
    },
  };
}

export const rows: readonly LongRow[] = [
  damageRow("R5-directory", "a file of a store cut at a length: told with 5003, or everything right", "cut"),
  damageRow(
    "R6-directory",
    "a bit flipped in a file of a store: told with 5003, or everything right",
    "flip",
  ),
];
