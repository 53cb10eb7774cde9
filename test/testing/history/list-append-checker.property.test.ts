import { expect } from "chai";
import fc from "fast-check";
import {
  checkListAppend,
  describeReport,
  type HistoryTransaction,
  type ListOperation,
} from "../../../src/testing/history/index.js";
import { serialHistory, type Plan } from "./serial-history.js";

type History = HistoryTransaction<ListOperation>[];
type Read = Extract<ListOperation, { kind: "read" }>;

const step = fc.record({ kind: fc.constantFrom("append" as const, "read" as const), key: fc.nat(3) });
const steps = fc.array(step, { minLength: 1, maxLength: 4 });

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  steps,
  status: fc.constantFrom("committed" as const, "committed" as const, "aborted" as const, "unknown" as const),
  applied: fc.boolean(),
  overlap: fc.nat(6),
});

/** Committed, and one after another in real time: then every changed read is wrong. */
const strictPlan: fc.Arbitrary<Plan> = fc.record({
  steps,
  status: fc.constant("committed" as const),
  applied: fc.constant(true),
  overlap: fc.constant(0),
});

/** A history and a choice that picks something in it to spoil. */
const strictHistory = fc.tuple(fc.array(strictPlan, { minLength: 2, maxLength: 40 }), fc.nat());

/** Replaces one of the reads that `fits`; undefined when there is none. */
function spoilRead(
  history: History,
  choice: number,
  fits: (read: Read) => boolean,
  spoil: (read: Read) => readonly (string | number)[],
): History | undefined {
  const places = history.flatMap((transaction, index) =>
    transaction.operations.flatMap((operation, place) =>
      operation.kind === "read" && fits(operation) ? [{ index, place }] : [],
    ),
  );
  const chosen = places[choice % Math.max(1, places.length)];
  if (chosen === undefined) return undefined;
  return history.map((transaction, index) => {
    if (index !== chosen.index) return transaction;
    const operations = transaction.operations.map((operation, place) =>
      place === chosen.place ? { ...operation, elements: spoil(operation as Read) } : operation,
    ) as ListOperation[];
    return { ...transaction, operations };
  });
}

/** Takes an element out of every list read; undefined when no read shows any. */
function loseAppend(history: History, choice: number): History | undefined {
  const seen = history.flatMap(({ operations }) =>
    operations.flatMap((operation) =>
      operation.kind === "read" ? operation.elements.map((element) => ({ key: operation.key, element })) : [],
    ),
  );
  const lost = seen[choice % Math.max(1, seen.length)];
  if (lost === undefined) return undefined;
  return history.map((transaction) => ({
    ...transaction,
    operations: transaction.operations.map((operation) =>
      operation.kind === "read" && operation.key === lost.key
        ? { ...operation, elements: operation.elements.filter((element) => element !== lost.element) }
        : operation,
    ),
  }));
}

function expectFound(spoiled: History | undefined): void {
  fc.pre(spoiled !== undefined);
  expect(checkListAppend(spoiled).valid, "the spoiled history was accepted").to.equal(false);
}

describe("checkListAppend, by properties", () => {
  it("accepts whatever a serial executor produced", () => {
    fc.assert(
      fc.property(fc.array(anyPlan, { maxLength: 60 }), (plans) => {
        const report = checkListAppend(serialHistory(plans));
        expect(report.valid, describeReport(report)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("accepts it in whatever order the transactions are listed", () => {
    const shuffled = fc
      .array(anyPlan, { maxLength: 30 })
      .chain((plans) =>
        fc.shuffledSubarray(serialHistory(plans), { minLength: plans.length, maxLength: plans.length }),
      );
    fc.assert(
      fc.property(shuffled, (history) => {
        expect(checkListAppend(history).valid).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it("finds two neighbours swapped in a list", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        const swap = ({ elements }: Read) => [...elements.slice(0, -2), ...elements.slice(-2).reverse()];
        expectFound(spoilRead(serialHistory(plans), choice, (read) => read.elements.length > 1, swap));
      }),
      { numRuns: 300 },
    );
  });

  it("finds an element dropped from the middle of a list", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        const drop = ({ elements }: Read) => elements.slice(1);
        expectFound(spoilRead(serialHistory(plans), choice, (read) => read.elements.length > 1, drop));
      }),
      { numRuns: 300 },
    );
  });

  it("finds a stale read", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        const stale = ({ elements }: Read) => elements.slice(0, -1);
        expectFound(spoilRead(serialHistory(plans), choice, (read) => read.elements.length > 0, stale));
      }),
      { numRuns: 300 },
    );
  });

  it("finds a read of an element that was never appended", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        const invent = ({ elements }: Read) => [...elements, -1];
        expectFound(spoilRead(serialHistory(plans), choice, () => true, invent));
      }),
      { numRuns: 100 },
    );
  });

  it("finds an append that was lost from every read after it", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        expectFound(loseAppend(serialHistory(plans), choice));
      }),
      { numRuns: 300 },
    );
  });

  it("finds a seen transaction declared aborted", () => {
    fc.assert(
      fc.property(strictHistory, ([plans, choice]) => {
        const history = serialHistory(plans);
        const seen = new Set(
          history.flatMap((transaction, index) => foreignWriters(history, transaction, index)),
        );
        const chosen = [...seen][choice % Math.max(1, seen.size)];
        fc.pre(chosen !== undefined);
        expectFound(history.map((t, index) => (index === chosen ? { ...t, status: "aborted" as const } : t)));
      }),
      { numRuns: 300 },
    );
  });
});

/** Who wrote what a transaction read, itself left out. */
function foreignWriters(
  history: History,
  transaction: HistoryTransaction<ListOperation>,
  reader: number,
): number[] {
  const writes = (index: number, element: string | number) =>
    history[index]?.operations.some((o) => o.kind === "append" && o.element === element) ?? false;
  const elements = transaction.operations.flatMap((o) => (o.kind === "read" ? o.elements : []));
  return [...history.keys()].filter(
    (index) => index !== reader && elements.some((element) => writes(index, element)),
  );
}
