import { EDGE, type GraphBuilder } from "./dependency-graph.js";
import type { HistoryTransaction } from "./history.js";

/**
 * Adds the order of real time: whatever had ended comes before whatever had not begun. Instead of an edge for each
 * such pair, of which there are n², or for each pair of the transitive reduction, of which there are n times the
 * number of clients, moments stand in a chain: a transaction leads to the first moment after its end, and the last
 * moment before its start leads to it. That says the same with at most three edges per transaction.
 *
 * A transaction of unknown outcome may take effect at any time after its start, so nothing comes after its end.
 */
export function addRealTimeOrder(
  graph: GraphBuilder,
  history: readonly HistoryTransaction<unknown>[],
  effective: Uint8Array,
): void {
  const all = Array.from(history.keys()).filter((index) => effective[index] === 1);
  const startOf = (index: number) => (history[index] as HistoryTransaction<unknown>).start;
  const endOf = (index: number) => (history[index] as HistoryTransaction<unknown>).end;
  const ended = all.filter((index) => history[index]?.status === "committed");
  ended.sort((a, b) => endOf(a) - endOf(b));
  let moment = -1;
  let next = 0;
  for (const index of all.sort((a, b) => startOf(a) - startOf(b))) {
    const first = next;
    while (next < ended.length && endOf(ended[next] as number) < startOf(index)) next += 1;
    if (next > first) moment = addMoment(graph, moment, ended.slice(first, next));
    if (moment !== -1) graph.addEdge(moment, index, EDGE.onward);
  }
}

function addMoment(graph: GraphBuilder, previous: number, ended: readonly number[]): number {
  const moment = graph.addNode();
  if (previous !== -1) graph.addEdge(previous, moment, EDGE.onward);
  for (const index of ended) graph.addEdge(index, moment, EDGE.realTime);
  return moment;
}
