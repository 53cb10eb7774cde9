import { ENTRY_TYPE } from "../core/entry.js";
import type { StructureView } from "../transaction/structure-view.js";
import { clip, itemAt, itemsBetween, lengthOf, positionOf, spanOf } from "./list-span.js";
import { requireItem } from "./structure-head.js";

export async function readLength(view: StructureView, key: string): Promise<number> {
  return lengthOf(spanOf(await view.head(key)));
}

/** The items from one index to another, both included. */
export async function readRange(
  view: StructureView,
  key: string,
  start: number,
  end: number,
): Promise<unknown[]> {
  const { items } = await view.read(key, (head) => {
    const span = spanOf(head);
    return span === undefined ? [] : itemsBetween(span, ...clip(span, start, end));
  });
  return items.map((item) => view.decode(requireItem(item, ENTRY_TYPE.list)));
}

/** The item at an index; undefined when it is outside the list. */
export async function readIndex(view: StructureView, key: string, index: number): Promise<unknown> {
  const { items } = await view.read(key, (head) => {
    const span = spanOf(head);
    const position = span && positionOf(span, index);
    return span === undefined || position === undefined ? [] : [itemAt(span, position)];
  });
  return items.length === 0 ? undefined : view.decode(requireItem(items[0], ENTRY_TYPE.list));
}
