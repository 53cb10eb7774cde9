import { expect } from "chai";
import {
  checkListAppend,
  describeReport,
  type HistoryTransaction,
  type ListOperation,
} from "../../../src/testing/history/index.js";

const OPERATIONS = Number(process.env["HOLDFAST_CHECKER_OPERATIONS"] ?? 200_000);
const CLIENTS = 64;
const LIST_LENGTH = 32;

/** As many clients overlap as there are; each transaction reads a list of its generation and appends to it. */
function longHistory(operations: number): HistoryTransaction<ListOperation>[] {
  const lists = new Map<string, readonly number[]>();
  return Array.from({ length: operations / 2 }, (_, index) => {
    const generation = Math.floor(index / (LIST_LENGTH * 8));
    const key = `${generation}/${index % 8}`;
    const elements = lists.get(key) ?? [];
    lists.set(key, [...elements, index]);
    return {
      process: index % CLIENTS,
      start: index - CLIENTS / 2 + 0.5,
      end: index + CLIENTS / 2,
      status: "committed" as const,
      operations: [
        { kind: "read" as const, key, elements },
        { kind: "append" as const, key, element: index },
      ],
    };
  });
}

describe(`checkListAppend over ${OPERATIONS} operations`, () => {
  it("accepts a long history of 64 overlapping clients", () => {
    const report = checkListAppend(longHistory(OPERATIONS));
    expect(report.valid, describeReport(report)).to.equal(true);
    expect(report.operations).to.equal(OPERATIONS);
  });

  it("finds one stale read in the middle of it", () => {
    const history = longHistory(OPERATIONS);
    const generation = LIST_LENGTH * 8;
    const middle = Math.floor(history.length / 2 / generation) * generation + generation - 1;
    const spoiled = history.map((transaction, index) => {
      if (index !== middle) return transaction;
      const operations = transaction.operations.slice(0, 1).map((o) => ({ ...o, elements: [] }));
      return { ...transaction, operations };
    });
    const report = checkListAppend(spoiled);
    expect(report.valid).to.equal(false);
    expect(report.anomalies.flatMap((anomaly) => anomaly.transactions)).to.include(middle);
  });
});
