import { AnomalyLog } from "./anomaly-log.js";
import type { AnomalyReport } from "./anomaly-report.js";
import { checkCycles } from "./cycle-check.js";
import { EDGE, GraphBuilder } from "./dependency-graph.js";
import { effectiveTransactions } from "./effective-transactions.js";
import type { HistoryTransaction, ListOperation } from "./history.js";
import { checkInternal } from "./internal-check.js";
import { addListDependencies } from "./list-dependencies.js";
import { ListIndex } from "./list-index.js";
import { listReads } from "./list-reads.js";
import { addRealTimeOrder } from "./real-time-order.js";
import { inferOrder } from "./version-order.js";

/**
 * Whether a history of list appends and reads can be strictly serializable; every anomaly found is reported. Reading
 * a list shows the whole order of the appends before, so that dependencies between transactions are known and not
 * guessed: K. Kingsbury and P. Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB
 * 2020. Time and memory are linear in the elements of all reads for a valid history of any length.
 *
 * Nothing reported is a false alarm. Not everything is found: an append that no later transaction reads proves
 * little, so let a workload end with reads of every key.
 *
 * @throws TypeError when an element is appended twice to one key.
 */
export function checkListAppend(history: readonly HistoryTransaction<ListOperation>[]): AnomalyReport {
  const log = new AnomalyLog(history);
  const index = new ListIndex(history);
  const effective = effectiveTransactions(
    history,
    (operation) => (operation.kind === "read" ? operation : undefined),
    (key, element) => index.key(key).writers.get(element),
  );
  for (const [number, transaction] of history.entries()) {
    if (effective[number] === 1) checkInternal(number, transaction, log);
  }
  const graph = new GraphBuilder(history.length);
  for (const [number, reads] of listReads(history, index, effective).entries()) {
    const key = index.keys[number] as ListIndex["keys"][number];
    addListDependencies(graph, inferOrder(key, reads, { history, log }), effective, number);
  }
  addRealTimeOrder(graph, history, effective);
  const describeEdge = (kind: number, subject: number) => describe(kind, index.keys[subject]?.name);
  checkCycles(graph.build(), { transactionCount: history.length, describeEdge }, log);
  return log.report(effective);
}

function describe(kind: number, key: string | undefined): string {
  const name = JSON.stringify(key);
  if (kind === EDGE.ww) return `it appended to ${name} first`;
  if (kind === EDGE.wr) return `it appended to ${name} what the other read`;
  if (kind === EDGE.rw) return `it read ${name} before the other appended to it`;
  return "it had ended before the other began";
}
