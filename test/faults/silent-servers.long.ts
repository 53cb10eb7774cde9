import type { LongRow, LongRowResult } from "../support/long-row.js";
import { SERVED_STORES } from "../support/stores.js";
import { trySilences, type SilenceTotals } from "./silent-servers.js";

const LATE_MS = 50;
const AT_ONCE = 42;

/** R11, server by server. One round is one operation. */
export const rows: readonly LongRow[] = SERVED_STORES.map(({ name, backend, served, needs }) => ({
  id: `R11-${name}`,
  title:
    "an operation with a deadline on a stopped, black-holed or half-open server: settled at most 50 ms later",
  fullRounds: 10_000,
  async run({ seed, rounds = Infinity, minutes = Infinity, log }) {
    const server = await served.start();
    if (server === undefined) throw new Error(`${name} needs ${needs}`);
    try {
      const until = performance.now() + minutes * 60_000;
      const options = { seed, operations: rounds, until, atOnce: AT_ONCE, lateMs: LATE_MS };
      const totals = await trySilences(served, server, backend, options);
      log(
        `at most ${totals.worstMs.toFixed(1)} ms late, in which the process ran ${totals.worstOwnMs.toFixed(1)} ms`,
      );
      return resultOf(totals);
    } finally {
      await server.stop();
    }
  },
}));

function resultOf(totals: SilenceTotals): LongRowResult {
  return {
    rounds: totals.operations,
    failures: totals.failures.length,
    details: totals.failures.slice(0, 20),
    counts: {
      "operations without a deadline": totals.unlimited,
      "answered all the same": totals.answered,
      "refused as timeout": totals.timedOut,
      "refused as unavailable": totals.unavailable,
    },
  };
}
