import type { LongRow } from "../support/long-row.js";
import { SERVED_STORES } from "../support/stores.js";
import { tryCommitResets } from "./commit-resets.js";

/** R10, server by server. */
export const rows: readonly LongRow[] = SERVED_STORES.map(({ name, backend, served, needs }) => ({
  id: `R10-${name}`,
  title: "a connection reset inside a commit: nothing applied twice, nothing acknowledged lost",
  fullRounds: 10_000,
  async run({ seed, rounds = Infinity, minutes = Infinity }) {
    const server = await served.shared();
    if (server === undefined) throw new Error(`${name} needs ${needs}`);
    const until = performance.now() + minutes * 60_000;
    const totals = await tryCommitResets(served, server, backend, { seed, resets: rounds, until });
    return {
      rounds: totals.resets,
      failures: totals.failures.length,
      details: totals.failures.slice(0, 20),
      counts: {
        "acknowledged commits": totals.acknowledged,
        "unknown outcomes": totals.unknown,
        "refused commits": totals.refused,
      },
    };
  },
}));
