import { withTimeout, background } from "../../core/context.js";
import type { VersionSource } from "../../core/version.js";
import { planSweep } from "./commit-plan.js";
import type { ExpiredRow } from "./log-row.js";
import { UnansweredCommit, type SqlStore } from "./sql-store.js";

/** Expired entries removed in one commit. */
const SWEEP_ENTRIES = 1024;
/** Entries of generations left behind that are deleted at once. */
const RECLAIM_ENTRIES = 4096;

/**
 * One slice of what is to be removed; false when nothing is left. Several processes may sweep at once: a commit deletes
 * only entries that are still as they were found, or does nothing, and whoever comes second finds the rest next time.
 *
 * @param timeoutMs deadline of each of its calls
 */
export async function sweepSlice(store: SqlStore, ids: VersionSource, timeoutMs: number): Promise<boolean> {
  const [ctx, end] = withTimeout(background(), timeoutMs);
  try {
    const reclaimed = await store.reclaim(ctx, RECLAIM_ENTRIES);
    const rows = await store.expired(ctx, SWEEP_ENTRIES);
    if (rows.length > 0) await store.commit(ctx, planSweep(groupsOf(rows, ids)));
    return reclaimed || rows.length === SWEEP_ENTRIES;
  } catch (error) {
    // Whether or not it happened, the next look shows what is left.
    if (error instanceof UnansweredCommit) return false;
    throw error;
  } finally {
    end();
  }
}

function groupsOf(rows: readonly ExpiredRow[], ids: VersionSource) {
  const groups = new Map<string, ExpiredRow[]>();
  for (const row of rows) {
    const group = groups.get(row.namespace);
    if (group === undefined) groups.set(row.namespace, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => ({ id: ids.next(), rows: group }));
}
