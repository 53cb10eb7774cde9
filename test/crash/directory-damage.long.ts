import type { LongRow } from "../support/long-row.js";
import { tryDirectoryDamage, type Damage } from "./directory-damage.js";

function damageRow(id: string, title: string, damage: Damage): LongRow {
  return {
    id,
    title,
    fullRounds: "exhaustive",
    async run({ seed, log }) {
      const totals = await tryDirectoryDamage(damage, { seed, log });
      return {
        rounds: totals.rounds,
        failures: totals.failures.length,
        details: totals.failures.slice(0, 20),
        counts: { "answered with 5003": totals.reported },
      };
    },
  };
}

const STORES = "of a small store, closed, with a journal, or with an index and a journal";

export const rows: readonly LongRow[] = [
  damageRow(
    "R5-directory",
    `any file ${STORES}, cut at a length: told with 5003, or everything right and of a journal every whole frame`,
    "cut",
  ),
  damageRow(
    "R6-directory",
    `a bit flipped in any file ${STORES}: told with 5003, or everything right`,
    "flip",
  ),
];
