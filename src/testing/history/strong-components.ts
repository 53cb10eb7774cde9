import type { DependencyGraph } from "./dependency-graph.js";

/**
 * The strongly connected components of more than one node, counting only edges of the given kinds between nodes
 * that are `within` (1 = yes). R. Tarjan, "Depth-first search and linear graph algorithms" (1972), with stacks of
 * its own instead of recursion: histories are deeper than any call stack.
 */
export function strongComponents(graph: DependencyGraph, kinds: number, within: Uint8Array): number[][] {
  const search = new ComponentSearch(graph, kinds, within);
  for (let node = 0; node < graph.nodeCount; node++) search.visit(node);
  return search.components;
}

class ComponentSearch {
  readonly components: number[][] = [];
  readonly #graph: DependencyGraph;
  readonly #kinds: number;
  readonly #within: Uint8Array;
  /** When a node was first met, from 1; 0 = not yet. */
  readonly #met: Int32Array;
  /** The earliest node still on the stack that is reachable from it; 0 once its component is complete. */
  readonly #low: Int32Array;
  readonly #nextEdge: Int32Array;
  readonly #stack: Int32Array;
  readonly #path: Int32Array;
  #stackSize = 0;
  #clock = 0;

  constructor(graph: DependencyGraph, kinds: number, within: Uint8Array) {
    this.#graph = graph;
    this.#kinds = kinds;
    this.#within = within;
    this.#met = new Int32Array(graph.nodeCount);
    this.#low = new Int32Array(graph.nodeCount);
    this.#nextEdge = graph.offsets.slice();
    this.#stack = new Int32Array(graph.nodeCount);
    this.#path = new Int32Array(graph.nodeCount);
  }

  visit(root: number): void {
    if (this.#met[root] !== 0 || this.#within[root] === 0) return;
    let depth = 0;
    this.#enter(root, depth);
    while (depth >= 0) {
      const node = this.#path[depth] as number;
      const child = this.#nextChild(node);
      if (child !== -1) {
        depth += 1;
        this.#enter(child, depth);
      } else {
        this.#leave(node, depth === 0 ? -1 : (this.#path[depth - 1] as number));
        depth -= 1;
      }
    }
  }

  #enter(node: number, depth: number): void {
    this.#clock += 1;
    this.#met[node] = this.#clock;
    this.#low[node] = this.#clock;
    this.#path[depth] = node;
    this.#stack[this.#stackSize++] = node;
  }

  /** The next neighbour not met before, or -1; those still on the stack lower the node's mark on the way. */
  #nextChild(node: number): number {
    const { offsets, targets, kinds } = this.#graph;
    const end = offsets[node + 1] as number;
    for (let edge = this.#nextEdge[node] as number; edge < end; edge++) {
      const target = targets[edge] as number;
      if (((kinds[edge] as number) & this.#kinds) === 0 || this.#within[target] === 0) continue;
      if (this.#met[target] === 0) {
        this.#nextEdge[node] = edge + 1;
        return target;
      }
      if (this.#low[target] !== 0) this.#lower(node, this.#met[target] as number);
    }
    this.#nextEdge[node] = end;
    return -1;
  }

  #lower(node: number, mark: number): void {
    if (mark < (this.#low[node] as number)) this.#low[node] = mark;
  }

  #leave(node: number, parent: number): void {
    const low = this.#low[node] as number;
    if (parent !== -1) this.#lower(parent, low);
    if (low === this.#met[node]) this.#complete(node);
  }

  #complete(root: number): void {
    const first = this.#stack.lastIndexOf(root, this.#stackSize - 1);
    const members = this.#stack.subarray(first, this.#stackSize);
    for (const member of members) this.#low[member] = 0;
    if (members.length > 1) this.components.push(Array.from(members));
    this.#stackSize = first;
  }
}
