import { EDGE, type GraphBuilder } from "./dependency-graph.js";
import type { VersionOrder } from "./version-order.js";

/** Adds what the order of one key says about the order of transactions. `subject` is noted on each edge. */
export function addListDependencies(
  graph: GraphBuilder,
  order: VersionOrder,
  effective: Uint8Array,
  subject: number,
): void {
  const writers = order.elements.map((element) => order.key.writers.get(element) ?? -1);
  const link = (source: number | undefined, target: number | undefined, kind: number) => {
    if (source === undefined || target === undefined || source === target) return;
    if (effective[source] === 1 && effective[target] === 1) graph.addEdge(source, target, kind, subject);
  };
  for (const [place, writer] of writers.entries()) link(writer, writers[place + 1], EDGE.ww);
  for (const { transaction, elements } of order.reads) {
    link(writers[elements.length - 1], transaction, EDGE.wr);
    link(transaction, writers[elements.length], EDGE.rw);
  }
  addUnseenWrites(graph, order, effective, subject);
}

/** Sources that are also targets get edges one by one; more than these are lost updates and reported as such. */
const DIRECT_SOURCES = 2;

/**
 * Appends of effective transactions that no read shows belong somewhere after the longest list read: whoever read
 * that list, and whoever made it, comes before all of them. A node in between keeps these edges few.
 */
function addUnseenWrites(
  graph: GraphBuilder,
  order: VersionOrder,
  effective: Uint8Array,
  subject: number,
): void {
  const unseen = unseenWriters(order, effective);
  if (unseen.size === 0) return;
  const node = graph.addNode();
  for (const writer of unseen) graph.addEdge(node, writer, EDGE.onward);
  let direct = 0;
  for (const [source, kind] of latestUsers(order, effective)) {
    if (!unseen.has(source)) graph.addEdge(source, node, kind, subject);
    else if (++direct <= DIRECT_SOURCES) {
      for (const writer of unseen) if (writer !== source) graph.addEdge(source, writer, kind, subject);
    }
  }
}

function unseenWriters(order: VersionOrder, effective: Uint8Array): Set<number> {
  const unseen = new Set<number>();
  const seen = new Set(order.elements);
  for (const [element, writer] of order.key.writers) {
    if (effective[writer] === 1 && !seen.has(element)) unseen.add(writer);
  }
  return unseen;
}

/** Who made the longest list and who read it, with the kind of edge to whoever comes after. */
function* latestUsers(order: VersionOrder, effective: Uint8Array): Generator<[number, number]> {
  const last = order.elements.at(-1);
  const writer = last === undefined ? undefined : order.key.writers.get(last);
  if (writer !== undefined && effective[writer] === 1) yield [writer, EDGE.ww];
  for (const { transaction, elements } of order.reads) {
    if (elements.length === order.elements.length) yield [transaction, EDGE.rw];
  }
}
