import { isDeepStrictEqual } from "node:util";
import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { updateStructure } from "../transaction/transaction-view.js";
import { itemAt, itemsBetween, putSpan, rangeBetween, spanOf, type ListSpan } from "./list-span.js";
import { putItem, requireItem } from "./structure-head.js";

/**
 * Removes items that equal `value`: the first `count` of them, with a negative `count` the last ones, with 0 all; gives
 * how many there were. Equal is what is stored alike, through and through.
 *
 * Items have no gaps between them: those on the shorter side move up, in the same commit.
 */
export function removeEqual(key: string, count: number, value: Payload): FoldedOperation<number> {
  return {
    run: (core) =>
      updateStructure(
        core,
        key,
        (head) => {
          const span = spanOf(head);
          return span === undefined ? [] : itemsBetween(span, span.first, span.end);
        },
        ({ head, items }) => {
          const span = spanOf(head);
          if (span === undefined) return 0;
          const { source } = core.services;
          const values = items.map((item) => source.decodePayload(requireItem(item, ENTRY_TYPE.list)));
          const removed = equalTo(values, source.decodePayload(value), count);
          if (removed.length === 0) return 0;
          requireRoom(core, values.length, removed);
          putSpan(core, key, head, closeGaps(core, span, values, removed));
          return removed.length;
        },
      ),
  };
}

/** The indexes of the values to be removed, ascending. */
function equalTo(values: readonly unknown[], wanted: unknown, count: number): number[] {
  const equal: number[] = [];
  for (const [i, value] of values.entries()) if (isDeepStrictEqual(value, wanted)) equal.push(i);
  if (count === 0) return equal;
  return count > 0 ? equal.slice(0, count) : equal.slice(count);
}

/** @throws StorageFault `too-large` when more items have to move than one commit writes. */
function requireRoom(core: TransactionCore, length: number, removed: readonly number[]): void {
  const { maxBatchEntries } = core.services.backend.info.limits;
  const moved = Math.min((removed.at(-1) as number) + 1, length - (removed[0] as number)) - removed.length;
  // Beside them the head, the check of it, and the range of those that go.
  if (moved + 3 <= maxBatchEntries) return;
  const message = `it would move ${moved} items, and one commit makes at most ${maxBatchEntries} writes on this backend; put a mark in their place with lset, or keep shorter lists`;
  throw new StorageFault("too-large", message);
}

/** Moves what is before the last removed item to the right, or what is after the first one to the left. */
function closeGaps(
  core: TransactionCore,
  span: ListSpan,
  values: readonly unknown[],
  removed: readonly number[],
): ListSpan {
  const gone = new Set(removed);
  const [firstGone, lastGone] = [removed[0] as number, removed.at(-1) as number];
  const put = (position: number, value: unknown) =>
    putItem(core, itemAt(span, position), core.services.encoder.encode(value));
  if (lastGone + 1 < values.length - firstGone) {
    const first = span.first + removed.length;
    const kept = values.slice(0, lastGone).filter((_value, i) => !gone.has(i));
    core.deleteRange(rangeBetween(span, span.first, first));
    for (const [i, item] of kept.entries()) put(first + i, item);
    return { ...span, first };
  }
  const end = span.end - removed.length;
  const kept = values.filter((_value, i) => i > firstGone && !gone.has(i));
  for (const [i, value] of kept.entries()) put(span.first + firstGone + i, value);
  core.deleteRange(rangeBetween(span, end, span.end));
  return { ...span, end };
}
