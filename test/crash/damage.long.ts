import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { sampleJournal, tryFlips, tryTruncations, type DamageTotals } from "./damaged-journal.js";
import { sampleSnapshot, trySnapshotFlips, trySnapshotTruncations } from "./damaged-snapshot.js";

const KIB = 1024;

function result(totals: readonly DamageTotals[]): LongRowResult {
  const failures = totals.flatMap((total) => total.failures);
  const rounds = totals.reduce((sum, total) => sum + total.rounds, 0);
  return { rounds, failures: failures.length, details: failures.slice(0, 20) };
}

export const rows: readonly LongRow[] = [
  {
    id: "R5-file",
    title: "a 1 MiB journal and a 64 KiB snapshot cut at a length",
    fullRounds: "exhaustive",
    async run({ seed }: LongRowOptions) {
      const journal = tryTruncations(sampleJournal(KIB * KIB, 0, seed));
      return result([journal, await trySnapshotTruncations(sampleSnapshot(64 * KIB, seed))]);
    },
  },
  {
    id: "R6-file",
    title: "a bit flipped in a 1 MiB journal or a 64 KiB snapshot",
    fullRounds: "exhaustive",
    async run({ seed }: LongRowOptions) {
      const journal = tryFlips(sampleJournal(KIB * KIB, 0, seed));
      return result([journal, await trySnapshotFlips(sampleSnapshot(64 * KIB, seed))]);
    },
  },
];
