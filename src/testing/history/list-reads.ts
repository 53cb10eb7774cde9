import type { Element, HistoryTransaction, ListOperation } from "./history.js";
import type { ListIndex } from "./list-index.js";

/** A list as a transaction found it, without what it had appended itself. */
export interface ListRead {
  readonly transaction: number;
  readonly elements: readonly Element[];
}

/** The reads of effective transactions that say something about others, by the number of their key. */
export function listReads(
  history: readonly HistoryTransaction<ListOperation>[],
  index: ListIndex,
  effective: Uint8Array,
): ListRead[][] {
  const reads: ListRead[][] = index.keys.map(() => []);
  for (const [transaction, { operations }] of history.entries()) {
    if (effective[transaction] !== 1) continue;
    for (const { key, elements } of externalReads(operations)) {
      (reads[index.numberOf(key)] as ListRead[]).push({ transaction, elements });
    }
  }
  return reads;
}

/** The first read of each key, its own appends taken off the end; later ones are checked against it, see internal. */
function* externalReads(
  operations: readonly ListOperation[],
): Generator<{ readonly key: string; readonly elements: readonly Element[] }> {
  const appended = new Map<string, number>();
  const read = new Set<string>();
  for (const operation of operations) {
    const { key } = operation;
    if (operation.kind === "append") {
      appended.set(key, (appended.get(key) ?? 0) + 1);
    } else if (!read.has(key)) {
      read.add(key);
      const own = appended.get(key) ?? 0;
      const { elements } = operation;
      yield { key, elements: own === 0 ? elements : elements.slice(0, Math.max(0, elements.length - own)) };
    }
  }
}
