import { expect } from "chai";
import fc from "fast-check";
import { EDGE, GraphBuilder } from "../../../src/testing/history/dependency-graph.js";
import { strongComponents } from "../../../src/testing/history/strong-components.js";

type Edge = readonly [source: number, target: number];

function components(nodeCount: number, edges: readonly Edge[]): number[][] {
  const builder = new GraphBuilder(nodeCount);
  for (const [source, target] of edges) builder.addEdge(source, target, EDGE.ww);
  const found = strongComponents(builder.build(), EDGE.ww, new Uint8Array(nodeCount).fill(1));
  return found
    .map((component) => component.toSorted((a, b) => a - b))
    .sort((a, b) => Number(a[0]) - Number(b[0]));
}

/** The same by the definition: nodes that reach each other. */
function mutuallyReachable(nodeCount: number, edges: readonly Edge[]): number[][] {
  const reach = Array.from({ length: nodeCount }, (_, node) => reachable(node, edges));
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const groups = nodes.map((node) =>
    nodes.filter((other) => other === node || (reach[node]?.has(other) && reach[other]?.has(node))),
  );
  return groups.filter((group, node) => group.length > 1 && group[0] === node);
}

function reachable(from: number, edges: readonly Edge[]): Set<number> {
  const reached = new Set<number>();
  const queue = [from];
  for (const node of queue) {
    for (const [source, target] of edges) {
      if (source !== node || reached.has(target)) continue;
      reached.add(target);
      queue.push(target);
    }
  }
  return reached;
}

describe("strongComponents", () => {
  it("agrees with mutual reachability", () => {
    const graph = fc
      .integer({ min: 1, max: 12 })
      .chain((nodeCount) =>
        fc.tuple(
          fc.constant(nodeCount),
          fc.array(fc.tuple(fc.nat(nodeCount - 1), fc.nat(nodeCount - 1)), { maxLength: 30 }),
        ),
      );
    fc.assert(
      fc.property(graph, ([nodeCount, edges]) => {
        expect(components(nodeCount, edges)).to.deep.equal(mutuallyReachable(nodeCount, edges));
      }),
      { numRuns: 1000 },
    );
  });

  it("walks a cycle of 200 000 nodes without recursion", () => {
    const size = 200_000;
    const edges = Array.from({ length: size }, (_, node): Edge => [node, (node + 1) % size]);
    expect(components(size, edges)[0]).to.have.lengthOf(size);
  });

  it("counts only edges of the kinds asked for, between nodes within", () => {
    const builder = new GraphBuilder(2);
    builder.addEdge(0, 1, EDGE.ww);
    builder.addEdge(1, 0, EDGE.rw);
    const graph = builder.build();
    expect(strongComponents(graph, EDGE.ww, new Uint8Array([1, 1]))).to.deep.equal([]);
    expect(strongComponents(graph, EDGE.ww | EDGE.rw, new Uint8Array([1, 1]))).to.have.lengthOf(1);
    expect(strongComponents(graph, EDGE.ww | EDGE.rw, new Uint8Array([1, 0]))).to.deep.equal([]);
  });
});
