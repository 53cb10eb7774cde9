import type { Element, GroupOperation, HistoryTransaction } from "./history.js";

/** A group as a transaction found it, without the members it had inserted itself. */
export interface Observation {
  readonly transaction: number;
  readonly members: ReadonlySet<Element>;
  /** In the order answered, as the store gave them. */
  readonly listed: readonly Element[];
  /** What the transaction had inserted before. */
  readonly own: ReadonlySet<Element>;
}

export interface Group {
  readonly name: string;
  /** Who inserted each member, whatever became of it. */
  readonly writers: Map<Element, number>;
  readonly observations: Observation[];
}

/**
 * The groups of a history by name, with what was inserted and observed.
 *
 * @throws TypeError when a member is inserted twice into one group: then observations could not be told apart.
 */
export function indexGroups(history: readonly HistoryTransaction<GroupOperation>[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [transaction, { operations }] of history.entries()) {
    const own = new Map<string, Set<Element>>();
    for (const operation of operations) {
      const group = groupNamed(groups, operation.group);
      const mine = own.get(group.name) ?? new Set();
      if (operation.kind === "insert") {
        insert(group, operation.member, transaction);
        own.set(group.name, new Set([...mine, operation.member]));
      } else group.observations.push(observation(transaction, operation.members, mine));
    }
  }
  return groups;
}

function groupNamed(groups: Map<string, Group>, name: string): Group {
  let group = groups.get(name);
  if (group === undefined) {
    group = { name, writers: new Map(), observations: [] };
    groups.set(name, group);
  }
  return group;
}

function insert(group: Group, member: Element, transaction: number): void {
  const earlier = group.writers.get(member);
  if (earlier !== undefined) {
    const where = `into ${JSON.stringify(group.name)} by T${earlier} and T${transaction}`;
    throw new TypeError(
      `${JSON.stringify(member)} is inserted twice ${where}; give every insert its own member`,
    );
  }
  group.writers.set(member, transaction);
}

function observation(
  transaction: number,
  listed: readonly Element[],
  own: ReadonlySet<Element>,
): Observation {
  return { transaction, listed, own, members: new Set(listed.filter((member) => !own.has(member))) };
}
