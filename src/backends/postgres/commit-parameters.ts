import type { CommitPlan } from "../sql/commit-plan.js";
import { numberArray, textArray } from "./postgres-array.js";

/** How much of the log a commit leaves. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

/** A plan in the order of the parameters of the commit function. */
export function commitParameters(
  plan: CommitPlan,
  lockMs: number,
  { count, ageMs }: Retention,
): readonly unknown[] {
  const { namespaces, batches, checks, ranges, drops, writes } = plan;
  return [
    lockMs,
    plan.sweep,
    count,
    ageMs,
    numberArray(plan.locks),
    plan.data,
    ...numbers(
      namespaces.at,
      namespaces.length,
      namespaces.batchEnd,
      namespaces.checkEnd,
      namespaces.rangeEnd,
    ),
    ...numbers(namespaces.dropEnd, namespaces.writeEnd),
    textArray(batches.id),
    ...numbers(batches.at, batches.length),
    ...numbers(checks.batch, checks.item, checks.at, checks.length),
    textArray(checks.version),
    ...numbers(ranges.batch, ranges.item, ranges.at, ranges.length, ranges.endAt, ranges.endLength),
    ...numbers(ranges.count, ranges.digest),
    ...numbers(drops.batch, drops.at, drops.length, drops.endAt, drops.endLength),
    ...numbers(
      writes.batch,
      writes.item,
      writes.at,
      writes.length,
      writes.valueAt,
      writes.valueLength,
      writes.type,
    ),
    textArray(writes.incarnation),
    ...numbers(writes.hash, writes.expiresIn, writes.expiresAt),
  ];
}

/** A plan in the order of the parameters of the recall function. */
export function recallParameters(
  { locks, data, namespaces, batches }: CommitPlan,
  lockMs: number,
): readonly unknown[] {
  return [
    lockMs,
    numberArray(locks),
    data,
    ...numbers(namespaces.at, namespaces.length, namespaces.batchEnd),
    textArray(batches.id),
  ];
}

function numbers(...columns: readonly (readonly (number | string | null)[])[]): string[] {
  return columns.map(numberArray);
}
