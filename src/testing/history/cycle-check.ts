import type { AnomalyLog } from "./anomaly-log.js";
import type { CycleName } from "./anomaly-report.js";
import { findCycle, type Cycle, type CyclePattern } from "./cycle-path.js";
import { EDGE, type DependencyGraph } from "./dependency-graph.js";
import { strongComponents } from "./strong-components.js";

interface CycleClass extends CyclePattern {
  readonly name: CycleName | `${CycleName}-realtime`;
}

const { ww, wr, rw, realTime, onward } = EDGE;

/** From the gravest to the mildest; each finds only what those before it leave. */
const CLASSES: readonly CycleClass[] = [
  { name: "G0", through: ww, back: ww | onward },
  { name: "G1c", through: wr, back: ww | wr | onward },
  { name: "G-single", through: rw, back: ww | wr | onward },
  { name: "G2", through: rw, back: ww | wr | rw | onward },
  { name: "G0-realtime", through: ww, back: ww | realTime | onward },
  { name: "G1c-realtime", through: wr, back: ww | wr | realTime | onward },
  { name: "G-single-realtime", through: rw, back: ww | wr | realTime | onward },
  { name: "G2-realtime", through: rw, back: ww | wr | rw | realTime | onward },
];

/** What the reports call things. */
export interface CycleWords {
  /** Nodes from here on stand for no transaction. */
  readonly transactionCount: number;
  /** What an edge of the kind says of its two transactions; `subject` is the edge's. */
  describeEdge(kind: number, subject: number): string;
}

/**
 * Reports one cycle, of the gravest kind, for each strongly connected component. The kinds are Adya's ("Weak
 * Consistency", MIT 1999), the way of looking for them Elle's (Kingsbury and Alvaro, VLDB 2020). Linear in the graph
 * when there is no cycle.
 */
export function checkCycles(graph: DependencyGraph, words: CycleWords, log: AnomalyLog): void {
  const everything = new Uint8Array(graph.nodeCount).fill(1);
  const suspects = markNodes(graph, strongComponents(graph, ww | wr | rw | realTime | onward, everything));
  if (!suspects.includes(1)) return;
  const explained = new Uint8Array(graph.nodeCount);
  for (const cycleClass of CLASSES) {
    const components = strongComponents(graph, cycleClass.through | cycleClass.back, suspects);
    for (const component of components) {
      if (component.some((node) => explained[node] === 1)) continue;
      const cycle = findCycle(graph, component, cycleClass);
      if (cycle === undefined) continue;
      for (const edge of cycle) explained[graph.targets[edge] as number] = 1;
      reportCycle(graph, cycle, cycleClass, words, log);
    }
  }
}

function markNodes(graph: DependencyGraph, components: readonly (readonly number[])[]): Uint8Array {
  const marks = new Uint8Array(graph.nodeCount);
  for (const component of components) for (const node of component) marks[node] = 1;
  return marks;
}

interface Step {
  readonly transaction: number;
  readonly kind: number;
  readonly subject: number;
}

function reportCycle(
  graph: DependencyGraph,
  cycle: Cycle,
  cycleClass: CycleClass,
  words: CycleWords,
  log: AnomalyLog,
): void {
  const steps = transactionSteps(graph, cycle, words.transactionCount);
  const lines = steps.map((step, index) => {
    const next = steps[(index + 1) % steps.length] as Step;
    const reason = words.describeEdge(step.kind, step.subject);
    return `  T${step.transaction} must come before T${next.transaction}: ${reason}`;
  });
  const members = steps.map((step) => step.transaction);
  log.add(cycleClass.name, ["these transactions have no serial order", ...lines].join("\n"), members);
}

/** The cycle without the nodes that stand for no transaction. */
function transactionSteps(graph: DependencyGraph, cycle: Cycle, transactionCount: number): Step[] {
  const steps: Step[] = [];
  for (const [index, edge] of cycle.entries()) {
    const before = cycle[(index + cycle.length - 1) % cycle.length] as number;
    const transaction = graph.targets[before] as number;
    if (transaction >= transactionCount) continue;
    steps.push({
      transaction,
      kind: graph.kinds[edge] as number,
      subject: graph.subjects[edge] as number,
    });
  }
  return steps;
}
