import { StorageFault } from "../../core/errors.js";
import type { Header } from "../../core/entry.js";
import type { Batch, Committed, CommitResult, Conflict, Position } from "../backend.js";
import { headerOf, storedEntry } from "./entry-row.js";
import type { CommitPlan } from "./commit-plan.js";
import type { CommitRow, NamespaceState, RecalledBatch } from "./sql-store.js";

/** What came of one batch, as its rows are read. */
interface Outcome {
  /** Checks first, then ranges, each at its place; the server answers in any order. */
  readonly conflicts: Map<number, Conflict>;
  fault: Error | undefined;
  readonly replaced: (Header | undefined)[];
  removed: number;
}

/** The results of a plan's batches, in the plan's order, from the rows that the server answered. */
export function commitResults(
  batches: readonly Batch[],
  plan: CommitPlan,
  rows: readonly CommitRow[],
): readonly CommitResult[] {
  const states: NamespaceState[] = [];
  const outcomes = batches.map(newOutcome);
  for (const row of rows) {
    if (row.kind === "state") states[row.namespace] = row.state;
    else note(batches[row.batch] as Batch, outcomes[row.batch] as Outcome, row);
  }
  return inOrder(batches, plan, outcomes, states);
}

/** The result of a batch that was found in the log after its answer was lost. */
export function recalledResult(batch: Batch, { ordinal, now, effects }: RecalledBatch): Committed {
  const { replaced } = newOutcome(batch);
  for (const [write, version, type, incarnation, expiresAt, sealedBytes] of effects?.replaced ?? []) {
    replaced[write] = headerOf({ version, type, incarnation, expiresAt, sealedBytes });
  }
  const position = { ordinal, id: batch.id };
  return { status: "committed", position, now, replaced, removed: effects?.removed ?? 0 };
}

function newOutcome({ writes }: Batch): Outcome {
  return {
    conflicts: new Map(),
    fault: undefined,
    replaced: Array.from<undefined>({ length: writes.length }),
    removed: 0,
  };
}

function note(batch: Batch, outcome: Outcome, row: Exclude<CommitRow, { readonly kind: "state" }>): void {
  switch (row.kind) {
    case "replaced":
      outcome.replaced[row.write] = headerOf(row.header);
      break;
    case "removed":
      outcome.removed += row.count;
      break;
    case "range":
      outcome.conflicts.set(batch.checks.length + row.range, {
        range: (batch.ranges[row.range] as Batch["ranges"][number]).range,
      });
      break;
    case "conflict":
      noteConflict(batch, outcome, row);
  }
}

/** A damaged entry must not fail the neighbours of the batch that met it. */
function noteConflict(
  batch: Batch,
  outcome: Outcome,
  { check, current }: Extract<CommitRow, { readonly kind: "conflict" }>,
): void {
  const { key } = batch.checks[check] as Batch["checks"][number];
  try {
    const conflict =
      current === undefined ? { key } : { key, current: storedEntry(batch.namespace, key, current) };
    outcome.conflicts.set(check, conflict);
  } catch (error) {
    outcome.fault = error as Error;
  }
}

/** The server makes positions in the order of the batches, for those that succeeded and wrote. */
function inOrder(
  batches: readonly Batch[],
  plan: CommitPlan,
  outcomes: readonly Outcome[],
  states: readonly NamespaceState[],
): readonly CommitResult[] {
  const results: CommitResult[] = [];
  let first = 0;
  for (const [n, end] of plan.namespaces.batchEnd.entries()) {
    const state = states[n];
    if (state === undefined) throw new StorageFault("io", "the server left a namespace out of its answer");
    let ordinal = state.ordinal;
    for (let i = first; i < end; i++) {
      const batch = batches[i] as Batch;
      const outcome = outcomes[i] as Outcome;
      const writes = batch.writes.length > 0 && outcome.conflicts.size === 0 && outcome.fault === undefined;
      if (writes) ordinal += 1;
      results.push(resultOf(outcome, state, writes ? { ordinal, id: batch.id } : undefined));
    }
    first = end;
  }
  return results;
}

function resultOf(outcome: Outcome, state: NamespaceState, made: Position | undefined): CommitResult {
  const { now } = state;
  const { conflicts, fault, replaced, removed } = outcome;
  if (fault !== undefined) return { status: "fault", fault };
  if (conflicts.size > 0) return { status: "conflict", now, conflicts: sorted(conflicts) };
  return {
    status: "committed",
    position: made ?? { ordinal: state.ordinal, id: state.id },
    now,
    replaced,
    removed,
  };
}

function sorted(conflicts: ReadonlyMap<number, Conflict>): readonly Conflict[] {
  return [...conflicts].sort(([a], [b]) => a - b).map(([, conflict]) => conflict);
}
