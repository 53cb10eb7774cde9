import { describeElements, type AnomalyLog } from "./anomaly-log.js";
import type { Element, HistoryTransaction, ListOperation } from "./history.js";
import type { ListKey } from "./list-index.js";
import type { ListRead } from "./list-reads.js";
import { startsWith } from "./prefix.js";

/** The order in which a key's list grew, as far as reads show it. */
export interface VersionOrder {
  readonly key: ListKey;
  /** The longest list read. */
  readonly elements: readonly Element[];
  /** The reads that fit it: prefixes of the order. */
  readonly reads: readonly ListRead[];
}

/** What the checks of one key share. */
export interface OrderScope {
  readonly history: readonly HistoryTransaction<ListOperation>[];
  readonly log: AnomalyLog;
}

/** Finds the order of a key and reports what about its reads cannot be. */
export function inferOrder(key: ListKey, reads: readonly ListRead[], scope: OrderScope): VersionOrder {
  const none: ListRead = { transaction: -1, elements: [] };
  const longest = reads.reduce(
    (best, read) => (read.elements.length > best.elements.length ? read : best),
    none,
  );
  checkElements(key, longest, scope);
  const fitting: ListRead[] = [];
  for (const read of reads) {
    if (startsWith(longest.elements, read.elements)) fitting.push(read);
    else reportFork(key, read, longest, scope);
    checkIntermediate(key, read, scope);
  }
  checkLostUpdates(key, reads, scope);
  return { key, elements: longest.elements, reads: fitting };
}

function reportFork(key: ListKey, read: ListRead, longest: ListRead, scope: OrderScope): void {
  checkElements(key, read, scope);
  const both = `${describeElements(read.elements)} by T${read.transaction} and ${describeElements(longest.elements)} by T${longest.transaction}`;
  scope.log.add(
    "incompatible-order",
    `${JSON.stringify(key.name)} is read as ${both}; neither begins with the other`,
    [read.transaction, longest.transaction],
  );
}

function checkElements(key: ListKey, read: ListRead, scope: OrderScope): void {
  const seen = new Set<Element>();
  for (const element of read.elements) {
    const what = `T${read.transaction} reads ${JSON.stringify(element)} in ${JSON.stringify(key.name)}`;
    const writer = key.writers.get(element);
    if (seen.has(element)) scope.log.add("duplicate-element", `${what} more than once`, [read.transaction]);
    else if (writer === undefined) {
      scope.log.add("unwritten-element", `${what}, which nobody appended`, [read.transaction]);
    } else if (scope.history[writer]?.status === "aborted") {
      scope.log.add("G1a", `${what}, which T${writer} appended and rolled back`, [read.transaction, writer]);
    }
    seen.add(element);
  }
}

/** G1b: a list that ends with an element after which its writer appended another. */
function checkIntermediate(key: ListKey, read: ListRead, scope: OrderScope): void {
  const last = read.elements.at(-1);
  const writer = last === undefined ? undefined : key.writers.get(last);
  if (writer === undefined || writer === read.transaction) return;
  const final = lastAppend(scope.history[writer] as HistoryTransaction<ListOperation>, key.name);
  if (final === last) return;
  const what = `T${read.transaction} reads ${JSON.stringify(key.name)} up to ${JSON.stringify(last)}`;
  scope.log.add("G1b", `${what}, but T${writer} went on to append ${JSON.stringify(final)}`, [
    read.transaction,
    writer,
  ]);
}

function lastAppend(transaction: HistoryTransaction<ListOperation>, key: string): Element | undefined {
  let last: Element | undefined;
  for (const operation of transaction.operations) {
    if (operation.kind === "append" && operation.key === key) last = operation.element;
  }
  return last;
}

/** Two transactions that read the same version of a key and both appended to it. */
function checkLostUpdates(key: ListKey, reads: readonly ListRead[], scope: OrderScope): void {
  const updaters = new Map<Element | undefined, number>();
  for (const { transaction, elements } of reads) {
    const operations = scope.history[transaction] as HistoryTransaction<ListOperation>;
    if (lastAppend(operations, key.name) === undefined) continue;
    const version = elements.at(-1);
    const other = updaters.get(version);
    if (other === undefined) updaters.set(version, transaction);
    else {
      const what = `T${other} and T${transaction} both append to ${JSON.stringify(key.name)}`;
      scope.log.add("lost-update", `${what} after reading it as ${describeElements(elements)}`, [
        other,
        transaction,
      ]);
    }
  }
}
