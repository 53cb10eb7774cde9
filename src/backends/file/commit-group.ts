import type { Batch, CommitResult, Limits } from "../backend.js";
import { limitFault } from "../local/batch-limits.js";
import type { LocalCommit } from "../local/local-commit.js";
import { LocalGroup } from "../local/local-group.js";
import type { LocalStore } from "../local/local-store.js";

/** What becomes of a batch: a commit that is yet to be written and applied, or its result already. */
export type Decision = { readonly commit: LocalCommit } | CommitResult;

/** Decides about every batch of a call at one moment. Changes nothing. */
export function decideGroup(
  store: LocalStore,
  batches: readonly Batch[],
  limits: Limits,
): readonly Decision[] {
  const now = store.now();
  const group = new LocalGroup(store);
  return batches.map((batch) => decide(store, group, batch, now, limits));
}

function decide(store: LocalStore, group: LocalGroup, batch: Batch, now: number, limits: Limits): Decision {
  const fault = batch.ctx.err() ?? limitFault(batch, limits);
  if (fault !== undefined) return { status: "fault", fault };
  const conflicts = store.validate(batch, now);
  if (conflicts.length > 0) return { status: "conflict", now, conflicts };
  if (batch.writes.length > 0) return { commit: group.resolve(batch, now) };
  return { status: "committed", position: store.position(batch.namespace), now, replaced: [], removed: 0 };
}
