import type { Element, HistoryTransaction, ListOperation } from "../../../src/testing/history/index.js";

/** What one transaction is asked to do, in terms of small numbers, so that generators can make it. */
export interface Step {
  readonly kind: "append" | "read";
  readonly key: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly status: "committed" | "aborted" | "unknown";
  /** Of an unknown one: whether it took effect. */
  readonly applied: boolean;
  /** How many of the following transactions it overlaps. */
  readonly overlap: number;
}

/**
 * Runs transactions one after another on a plain Map and notes what they saw. Spans overlap as planned, so that the
 * real-time order is loose, but each contains the moment at which its transaction was carried out.
 */
export function serialHistory(plans: readonly Plan[]): HistoryTransaction<ListOperation>[] {
  const lists = new Map<string, readonly Element[]>();
  let nextElement = 0;
  return plans.map((plan, index) => {
    const view = new Map(lists);
    const operations = plan.steps.map(({ kind, key }): ListOperation => {
      const name = `key${key}`;
      const elements = view.get(name) ?? [];
      if (kind === "read") return { kind, key: name, elements };
      const element = nextElement++;
      view.set(name, [...elements, element]);
      return { kind, key: name, element };
    });
    if (plan.status === "committed" || (plan.status === "unknown" && plan.applied)) {
      for (const [key, elements] of view) lists.set(key, elements);
    }
    const span = { start: index * 10 - plan.overlap * 10 - 1, end: index * 10 + plan.overlap * 10 + 1 };
    return { process: index, ...span, status: plan.status, operations };
  });
}
