import { describeElements, type AnomalyLog } from "./anomaly-log.js";
import type { Element, HistoryTransaction, ListOperation } from "./history.js";
import { startsWith } from "./prefix.js";

/** What a transaction knows of a key by its own operations: all of the list, or only how it ends. */
interface Known {
  readonly whole: boolean;
  readonly elements: readonly Element[];
}

/** Reads of a transaction that contradict its own earlier reads and appends. */
export function checkInternal(
  index: number,
  transaction: HistoryTransaction<ListOperation>,
  log: AnomalyLog,
): void {
  const known = new Map<string, Known>();
  for (const operation of transaction.operations) {
    const before = known.get(operation.key) ?? { whole: false, elements: [] };
    if (operation.kind === "append") {
      known.set(operation.key, { ...before, elements: [...before.elements, operation.element] });
      continue;
    }
    if (!agrees(operation.elements, before)) {
      const expected = `${before.whole ? "" : "… "}${describeElements(before.elements)}`;
      const seen = describeElements(operation.elements);
      const name = JSON.stringify(operation.key);
      log.add("internal", `T${index} reads ${name} as ${seen}, by its own operations it is ${expected}`, [
        index,
      ]);
    }
    known.set(operation.key, { whole: true, elements: operation.elements });
  }
}

function agrees(elements: readonly Element[], known: Known): boolean {
  if (known.whole && elements.length !== known.elements.length) return false;
  const end = elements.slice(Math.max(0, elements.length - known.elements.length));
  return end.length === known.elements.length && startsWith(end, known.elements);
}
