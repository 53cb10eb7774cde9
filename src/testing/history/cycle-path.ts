import type { DependencyGraph } from "./dependency-graph.js";

/** Edges looked at per component before its search for one kind of cycle is given up: bounds the whole search. */
const EDGE_BUDGET = 5_000_000;

/** Which cycles to look for. */
export interface CyclePattern {
  /** Kinds of the one edge that the cycle must have. */
  readonly through: number;
  /** Kinds of the edges that lead from its end back to its start. */
  readonly back: number;
}

/** One cycle: indices of edges, each beginning where the one before ends. */
export type Cycle = readonly number[];

/**
 * A cycle of the pattern within a component, as short as the first fitting edge allows, or undefined when there is
 * none, or none was found within the budget.
 */
export function findCycle(
  graph: DependencyGraph,
  component: readonly number[],
  pattern: CyclePattern,
): Cycle | undefined {
  const members = new Set(component);
  const budget = { edges: EDGE_BUDGET };
  for (const node of component) {
    for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
      if (((graph.kinds[edge] as number) & pattern.through) === 0) continue;
      const target = graph.targets[edge] as number;
      if (!members.has(target)) continue;
      const way = shortestPath(graph, members, target, node, pattern.back, budget);
      if (way !== undefined) return [edge, ...way];
      if (budget.edges <= 0) return undefined;
    }
  }
  return undefined;
}

/** Breadth-first; the edges of the way, or undefined. */
function shortestPath(
  graph: DependencyGraph,
  members: ReadonlySet<number>,
  from: number,
  to: number,
  kinds: number,
  budget: { edges: number },
): number[] | undefined {
  const reachedBy = new Map<number, { readonly edge: number; readonly source: number }>();
  const queue = [from];
  for (const node of queue) {
    for (let edge = graph.offsets[node] as number; edge < (graph.offsets[node + 1] as number); edge++) {
      if (--budget.edges <= 0) return undefined;
      const target = graph.targets[edge] as number;
      const usable = ((graph.kinds[edge] as number) & kinds) !== 0 && members.has(target);
      if (!usable || reachedBy.has(target)) continue;
      reachedBy.set(target, { edge, source: node });
      if (target === to) return walkBack(reachedBy, from, to);
      queue.push(target);
    }
  }
  return undefined;
}

function walkBack(
  reachedBy: ReadonlyMap<number, { readonly edge: number; readonly source: number }>,
  from: number,
  to: number,
): number[] {
  const way: number[] = [];
  let node = to;
  do {
    const step = reachedBy.get(node) as { readonly edge: number; readonly source: number };
    way.push(step.edge);
    node = step.source;
  } while (node !== from);
  return way.reverse();
}
