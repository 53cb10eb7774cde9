import type { Element, HistoryTransaction } from "./history.js";

/**
 * Which transactions took effect (1) as far as can be told: those that committed, and those of unknown outcome that
 * wrote something one of these read.
 *
 * @param readsOf The key and elements of each read of a transaction.
 * @param writerOf Who wrote an element of a key.
 */
export function effectiveTransactions<O>(
  history: readonly HistoryTransaction<O>[],
  readsOf: (operation: O) => { readonly key: string; readonly elements: readonly Element[] } | undefined,
  writerOf: (key: string, element: Element) => number | undefined,
): Uint8Array {
  const effective = new Uint8Array(history.length);
  const queue = Array.from(history.keys()).filter((index) => history[index]?.status === "committed");
  for (const index of queue) effective[index] = 1;
  if (queue.length === history.length) return effective;
  for (const index of queue) {
    for (const operation of (history[index] as HistoryTransaction<O>).operations) {
      const read = readsOf(operation);
      for (const element of read?.elements ?? []) {
        const writer = writerOf(read?.key as string, element);
        if (writer === undefined || effective[writer] === 1) continue;
        if (history[writer]?.status !== "unknown") continue;
        effective[writer] = 1;
        queue.push(writer);
      }
    }
  }
  return effective;
}
