import type { Batch, CommitResult, Conflict } from "../../backends/backend.js";
import { StorageFault } from "../../core/errors.js";
import { successor } from "../../core/range.js";

/** A refusal that says that nothing happened. */
export function refusal(call: string): StorageFault {
  return new StorageFault("unavailable", `the injected fault refused the ${call}; try again`);
}

/** An error after which nobody can say whether the commit happened. */
export function unknownOutcome(): StorageFault {
  const message = "the injected fault lost the answer to the commit; read to see whether it took effect";
  return new StorageFault("unavailable", message, { outcome: "unknown" });
}

/**
 * A conflict over everything a batch checks, although it may all hold: checks may refuse too much. Keys are named as
 * ranges, since a conflict over a key would have to tell its current entry.
 *
 * @param now the backend's clock, milliseconds.
 */
export function needlessConflict(batch: Batch, now: number): CommitResult {
  const keys = batch.checks.map(({ key }): Conflict => ({ range: { start: key, end: successor(key) } }));
  const ranges = batch.ranges.map(({ range }): Conflict => ({ range }));
  return { status: "conflict", now, conflicts: [...keys, ...ranges] };
}
