import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { Head } from "../transaction/head.js";
import { updateStructure } from "../transaction/transaction-view.js";
import {
  clip,
  itemAt,
  lengthOf,
  newSpan,
  positionOf,
  putSpan,
  rangeBetween,
  spanOf,
  type ListSpan,
} from "./list-span.js";
import { isStructure, noItems, putItem, requireItem } from "./structure-head.js";

/** An end of a list. */
export type End = "left" | "right";

/** When a list ends from now on: a change that sets it, as heads carry it. */
export type Deadline = Pick<Head, "expiry">;

/** Adds items one after the other at an end; gives the length then. With a `deadline` the list gets that one as well. */
export function push(
  key: string,
  end: End,
  values: readonly Payload[],
  deadline?: Deadline,
): FoldedOperation<number> {
  return {
    run: (core) =>
      updateStructure(core, key, noItems, ({ head }) => {
        const before = spanOf(head);
        if (values.length === 0) return lengthOf(before);
        const span = before ?? newSpan(core);
        const after = grown(span, end, values.length);
        for (const [i, value] of values.entries()) {
          putItem(core, itemAt(span, end === "left" ? span.first - 1 - i : span.end + i), value);
        }
        putSpan(core, key, deadline ?? head, after);
        return lengthOf(after);
      }),
  };
}

/** Makes a list of items; gives their number. What the key holds is replaced where that is allowed. */
export function fill(
  key: string,
  values: readonly Payload[],
  { replace, expiry }: Deadline & { readonly replace: boolean },
): FoldedOperation<number> {
  return {
    run: (core) =>
      updateStructure(core, key, noItems, ({ head }) => {
        if (head !== undefined && !replace) {
          throw new StorageFault(
            "not-empty",
            "the key holds something already; use another key, or replace it",
          );
        }
        const span = { ...newSpan(core), end: values.length };
        for (const [i, value] of values.entries()) putItem(core, itemAt(span, i), value);
        putSpan(core, key, { expiry }, span);
        return values.length;
      }),
  };
}

/** Takes the item at an end; undefined when there is none. */
export function pop(key: string, end: End): FoldedOperation {
  return {
    run: (core) =>
      updateStructure(
        core,
        key,
        (head) => itemsAtEnd(spanOf(head), end, 0),
        ({ head, items }) => {
          const span = spanOf(head);
          if (span === undefined) return undefined;
          const item = requireItem(items[0], ENTRY_TYPE.list);
          const value = core.services.source.decodePayload(item);
          core.delete(itemAt(span, positionAtEnd(span, end, 0)));
          putSpan(core, key, head, grown(span, end, -1));
          return value;
        },
      ),
    wanted: (head, nth) => itemsAtEnd(listOf(head), end, nth),
  };
}

/** Replaces the item at an index; false when it is outside the list. */
export function setIndex(key: string, index: number, value: Payload): FoldedOperation<boolean> {
  return {
    run: (core) =>
      updateStructure(core, key, noItems, ({ head }) => {
        const span = spanOf(head);
        const position = span && positionOf(span, index);
        if (span === undefined || position === undefined) return false;
        putItem(core, itemAt(span, position), value);
        putSpan(core, key, head, span);
        return true;
      }),
  };
}

/** Keeps the items from one index to another, both included, and removes the others. */
export function trim(key: string, start: number, end: number): FoldedOperation<void> {
  return {
    run: (core) =>
      updateStructure(core, key, noItems, ({ head }) => {
        const span = spanOf(head);
        if (span === undefined) return;
        const [first, last] = clip(span, start, end);
        if (first === span.first && last === span.end) return;
        if (first > span.first) core.deleteRange(rangeBetween(span, span.first, first));
        if (last < span.end) core.deleteRange(rangeBetween(span, last, span.end));
        putSpan(core, key, head, { ...span, first, end: last });
      }),
  };
}

function grown(span: ListSpan, end: End, by: number): ListSpan {
  return end === "left" ? { ...span, first: span.first - by } : { ...span, end: span.end + by };
}

function positionAtEnd({ first, end }: ListSpan, side: End, nth: number): number {
  return side === "left" ? first + nth : end - 1 - nth;
}

/** The nth item from an end, where there is one. */
function itemsAtEnd(span: ListSpan | undefined, end: End, nth: number) {
  if (span === undefined || nth >= lengthOf(span)) return [];
  return [itemAt(span, positionAtEnd(span, end, nth))];
}

function listOf(head: Head | undefined): ListSpan | undefined {
  return isStructure(head, ENTRY_TYPE.list) ? spanOf(head) : undefined;
}
