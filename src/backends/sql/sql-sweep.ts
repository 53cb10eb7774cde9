import { background, type Context } from "../../core/context.js";
import type { VersionSource } from "../../core/version.js";
import type { BackendSetup } from "../backend.js";
import { operationLimit } from "../local/operation-limit.js";
import { tellExpired } from "../local/tell-expired.js";
import { planSweep, type CommitPlan } from "./commit-plan.js";
import type { ExpiredRow } from "./log-row.js";
import { UnansweredCommit, type SqlStore } from "./sql-store.js";

/** Expired entries removed in one commit. */
const SWEEP_ENTRIES = 1024;
/** Entries of generations left behind that are deleted at once. */
const RECLAIM_ENTRIES = 4096;

export interface SqlSweepSetup {
  readonly store: SqlStore;
  readonly ids: VersionSource;
  /** Deadline of each slice's calls. */
  readonly timeoutMs: number;
  readonly expired: BackendSetup["expired"];
}

/**
 * One slice of what is to be removed; false when nothing is left. Several processes may sweep at once: a commit deletes
 * only entries that are still as they were found, or does nothing, and whoever comes second finds the rest next time.
 */
export async function sweepSlice({ store, ids, timeoutMs, expired }: SqlSweepSetup): Promise<boolean> {
  const [ctx, end] = operationLimit(background(), timeoutMs);
  try {
    const reclaimed = await store.reclaim(ctx, RECLAIM_ENTRIES);
    const rows = await store.expired(ctx, SWEEP_ENTRIES);
    if (rows.length === 0) return reclaimed;
    const groups = groupsOf(rows);
    const isAnswered = await carry(
      store,
      ctx,
      planSweep(groups.map((group) => ({ id: ids.next(), rows: group }))),
    );
    // Also of what another process removed first, or was removed without an answer: their time is over in any case.
    for (const group of groups) tellExpired(expired, (group[0] as ExpiredRow).namespace, group);
    return isAnswered && (reclaimed || rows.length === SWEEP_ENTRIES);
  } finally {
    end();
  }
}

/** False when the answer was lost: whether or not it happened, the next look shows what is left. */
async function carry(store: SqlStore, ctx: Context, plan: CommitPlan): Promise<boolean> {
  try {
    await store.commit(ctx, plan);
    return true;
  } catch (error) {
    if (error instanceof UnansweredCommit) return false;
    throw error;
  }
}

function groupsOf(rows: readonly ExpiredRow[]): readonly (readonly ExpiredRow[])[] {
  const groups = new Map<string, ExpiredRow[]>();
  for (const row of rows) {
    const group = groups.get(row.namespace);
    if (group === undefined) groups.set(row.namespace, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
