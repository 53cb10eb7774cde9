import { setImmediate as nextTurn } from "node:timers/promises";
import { isEmptyRange, type KeyRange } from "../../core/range.js";
import type { Batch } from "../backend.js";
import type { LocalStore } from "./local-store.js";

/** Whether validating these batches may take long enough to be prepared. */
export function hasRanges(batches: readonly Batch[]): boolean {
  return batches.some(({ ranges }) => ranges.length > 0);
}

/**
 * Goes once over every range that the batches check, with turns of the event loop between slices, so that validating
 * them at one moment afterwards only has to look at what changed meanwhile.
 */
export async function prepareRanges(store: LocalStore, batches: readonly Batch[]): Promise<void> {
  for (const { namespace, ranges } of batches) {
    for (const { range } of ranges) await prepareRange(store, namespace, range);
  }
}

async function prepareRange(store: LocalStore, namespace: string, range: KeyRange): Promise<void> {
  if (isEmptyRange(range)) return;
  let rest = store.prepareRange(namespace, range);
  while (rest !== undefined) {
    await nextTurn();
    rest = store.prepareRange(namespace, rest);
  }
}
