import { AnomalyLog, describeElements } from "./anomaly-log.js";
import type { AnomalyReport } from "./anomaly-report.js";
import { checkCycles } from "./cycle-check.js";
import { EDGE, GraphBuilder } from "./dependency-graph.js";
import { effectiveTransactions } from "./effective-transactions.js";
import { indexGroups, type Group, type Observation } from "./group-index.js";
import type { Element, GroupOperation, HistoryTransaction } from "./history.js";
import { addRealTimeOrder } from "./real-time-order.js";

/** What the checks of one group share. */
interface GroupScope {
  readonly history: readonly HistoryTransaction<GroupOperation>[];
  readonly effective: Uint8Array;
  readonly log: AnomalyLog;
}

/**
 * Whether a history of queries over groups and inserts into them can be strictly serializable. It finds what lists
 * cannot show: phantoms, members that turn up in a range after a transaction has looked at it. Since groups only
 * grow, an observation says of each member ever inserted whether its insert comes before or after. An
 * insert-if-none-match workload observes a group and inserts only when it is empty; two such inserts that both
 * commit are reported as `phantom`. Adya 1999 calls the dependency on a member not seen a predicate
 * anti-dependency.
 *
 * Time and memory are linear in observations times members of their group: keep groups small.
 *
 * @throws TypeError when a member is inserted twice into one group.
 */
export function checkGroups(history: readonly HistoryTransaction<GroupOperation>[]): AnomalyReport {
  const log = new AnomalyLog(history);
  const groups = indexGroups(history);
  const effective = effectiveTransactions(
    history,
    (operation) =>
      operation.kind === "observe" ? { key: operation.group, elements: operation.members } : undefined,
    (name, member) => groups.get(name)?.writers.get(member),
  );
  const graph = new GraphBuilder(history.length);
  const names = [...groups.keys()];
  for (const [number, group] of [...groups.values()].entries()) {
    checkGroup(group, { history, effective, log });
    addGroupDependencies(graph, group, effective, number);
  }
  addRealTimeOrder(graph, history, effective);
  const describeEdge = (kind: number, subject: number) => describe(kind, names[subject]);
  checkCycles(graph.build(), { transactionCount: history.length, describeEdge }, log);
  return log.report(effective);
}

function checkGroup(group: Group, scope: GroupScope): void {
  const first = new Map<number, Observation>();
  for (const observation of group.observations) {
    const { transaction } = observation;
    if (scope.effective[transaction] !== 1) continue;
    checkMembers(group, observation, scope);
    const earlier = first.get(transaction);
    if (earlier === undefined) first.set(transaction, observation);
    else checkRepeat(group, earlier, observation, scope);
  }
  checkPhantoms(group, first, scope);
}

function checkMembers(group: Group, observation: Observation, scope: GroupScope): void {
  const { transaction, listed, members, own } = observation;
  const seen = describeElements(listed);
  const what = `T${transaction} observes ${JSON.stringify(group.name)} as ${seen}`;
  if (new Set(listed).size < listed.length) {
    scope.log.add("duplicate-element", `${what}, with a member twice`, [transaction]);
  }
  const missing = [...own].filter((member) => !listed.includes(member));
  if (missing.length > 0) {
    scope.log.add("internal", `${what}, without its own ${describeElements(missing)}`, [transaction]);
  }
  for (const member of members) checkOrigin(group, member, what, transaction, scope);
}

function checkOrigin(
  group: Group,
  member: Element,
  what: string,
  transaction: number,
  scope: GroupScope,
): void {
  const writer = group.writers.get(member);
  if (writer === undefined) {
    const message = `${what}; nobody inserted ${JSON.stringify(member)}`;
    scope.log.add("unwritten-element", message, [transaction]);
  } else if (scope.history[writer]?.status === "aborted") {
    const message = `${what}; T${writer} inserted ${JSON.stringify(member)} and rolled back`;
    scope.log.add("G1a", message, [transaction, writer]);
  }
}

function checkRepeat(group: Group, earlier: Observation, later: Observation, scope: GroupScope): void {
  const same = later.members.size === earlier.members.size;
  if (same && [...later.members].every((member) => earlier.members.has(member))) return;
  const seen = `${describeElements([...earlier.members])} and then ${describeElements([...later.members])}`;
  const message = `T${later.transaction} observes ${JSON.stringify(group.name)} as ${seen} of other transactions`;
  scope.log.add("internal", message, [later.transaction]);
}

/** Of two that observed and inserted one sees the other's member, so no two of them can see equally many. */
function checkPhantoms(group: Group, first: ReadonlyMap<number, Observation>, scope: GroupScope): void {
  const inserters = new Map<number, number>();
  for (const writer of new Set(group.writers.values())) {
    const observed = first.get(writer);
    if (observed === undefined) continue;
    const other = inserters.get(observed.members.size);
    if (other === undefined) inserters.set(observed.members.size, writer);
    else {
      const seen = describeElements([...observed.members]);
      const message = `T${other} and T${writer} both insert into ${JSON.stringify(group.name)} after observing ${seen}`;
      scope.log.add("phantom", message, [other, writer]);
    }
  }
}

function addGroupDependencies(
  graph: GraphBuilder,
  group: Group,
  effective: Uint8Array,
  subject: number,
): void {
  for (const { transaction, members } of group.observations) {
    if (effective[transaction] !== 1) continue;
    for (const [member, writer] of group.writers) {
      if (writer === transaction || effective[writer] !== 1) continue;
      if (members.has(member)) graph.addEdge(writer, transaction, EDGE.wr, subject);
      else graph.addEdge(transaction, writer, EDGE.rw, subject);
    }
  }
}

function describe(kind: number, group: string | undefined): string {
  const name = JSON.stringify(group);
  if (kind === EDGE.wr) return `it inserted into ${name} what the other observed`;
  if (kind === EDGE.rw) return `it observed ${name} without what the other inserted`;
  return "it had ended before the other began";
}
