import type { LongRow } from "../support/long-row.js";
import { CRASH_STORES, type CrashStore } from "./crash-store.js";
import { tryPowerCuts, whyNot, type RealFileSystem } from "./power-cuts.js";

function rowOf(store: CrashStore, kind: RealFileSystem): LongRow {
  return {
    id: `R2-${store.name}-${kind}`,
    title: `the power of an ${kind} file system in an image cut under a writing process`,
    fullRounds: 1000,
    async run({ seed, rounds = Infinity, minutes = Infinity }) {
      const reason = whyNot(kind);
      if (reason !== undefined) throw new Error(`power cuts on ${kind}: ${reason}`);
      const until = performance.now() + minutes * 60_000;
      const totals = await tryPowerCuts(kind, { seed, rounds, until, store });
      return {
        rounds: totals.rounds,
        failures: totals.failures.length,
        details: totals.failures,
        counts: { "acknowledged commits": totals.acknowledged },
      };
    },
  };
}

export const rows: readonly LongRow[] = Object.values(CRASH_STORES).flatMap((store) => [
  rowOf(store, "ext4"),
  rowOf(store, "xfs"),
]);
