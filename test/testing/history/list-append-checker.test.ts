import { expect } from "chai";
import { checkListAppend, describeReport, type AnomalyReport } from "../../../src/testing/history/index.js";
import { at } from "./notation.js";

function names(report: AnomalyReport): string[] {
  return [...report.counts.keys()].sort();
}

describe("checkListAppend", () => {
  describe("accepts", () => {
    it("an empty history", () => {
      const report = checkListAppend([]);
      expect(report.valid).to.equal(true);
      expect(report.operations).to.equal(0);
    });

    it("transactions in a row", () => {
      const report = checkListAppend([
        at(1, 2, "append x 1"),
        at(3, 4, "read x 1, append x 2"),
        at(5, 6, "read x 1 2"),
      ]);
      expect(report.valid, describeReport(report)).to.equal(true);
      expect(report.transactions).to.deep.equal({ committed: 3, aborted: 0, unknown: 0 });
      expect(report.operations).to.equal(4);
    });

    it("concurrent transactions in either order", () => {
      expect(checkListAppend([at(1, 9, "append x 1"), at(2, 8, "read x")]).valid).to.equal(true);
      expect(checkListAppend([at(1, 9, "append x 1"), at(2, 8, "read x 1")]).valid).to.equal(true);
    });

    it("an end and a start at the same moment, in either order", () => {
      expect(checkListAppend([at(1, 5, "append x 1"), at(5, 8, "read x")]).valid).to.equal(true);
    });

    it("an aborted append that nobody sees, and whatever an aborted transaction read", () => {
      const report = checkListAppend([at(1, 2, "append x 1, read y 7", "aborted"), at(3, 4, "read x")]);
      expect(report.valid).to.equal(true);
    });

    it("reads of a transaction's own appends, before and after it has read the key", () => {
      const report = checkListAppend([
        at(1, 2, "append x 1"),
        at(3, 4, "append x 2, read x 1 2, append x 3, read x 1 2 3"),
        at(5, 6, "read x 1 2 3"),
      ]);
      expect(report.valid, describeReport(report)).to.equal(true);
    });

    it("an unknown append that is never seen, seen at once, or seen long after", () => {
      const unknown = at(1, 2, "append x 1", "unknown");
      expect(checkListAppend([unknown, at(3, 4, "read x")]).valid).to.equal(true);
      expect(checkListAppend([unknown, at(3, 4, "read x 1")]).valid).to.equal(true);
      expect(checkListAppend([unknown, at(3, 4, "read x"), at(5, 6, "read x 1")]).valid).to.equal(true);
    });

    it("appends without any read", () => {
      expect(checkListAppend([at(1, 2, "append x 1"), at(3, 4, "append x 2")]).valid).to.equal(true);
    });

    it("one read-modify-write whose append nobody reads", () => {
      expect(checkListAppend([at(1, 2, "append x 1"), at(3, 4, "read x 1, append x 2")]).valid).to.equal(
        true,
      );
    });
  });

  describe("finds", () => {
    it("G0: two transactions that wrote two keys in opposite orders", () => {
      const report = checkListAppend([
        at(1, 9, "append x 1, append y 1"),
        at(1, 9, "append x 2, append y 2"),
        at(1, 20, "read x 1 2, read y 2 1"),
      ]);
      expect(names(report)).to.deep.equal(["G0"]);
      expect(report.anomalies[0]?.transactions).to.have.members([0, 1]);
      expect(report.anomalies[0]?.description).to.include("T0 must come before T1: it appended to");
    });

    it("G1a: a read of an append that was rolled back", () => {
      const report = checkListAppend([at(1, 2, "append x 1", "aborted"), at(3, 4, "read x 1")]);
      expect(names(report)).to.deep.equal(["G1a"]);
      expect(report.anomalies[0]?.transactions).to.deep.equal([1, 0]);
    });

    it("G1b: a read between two appends of one transaction", () => {
      const report = checkListAppend([
        at(1, 9, "append x 1, append x 2"),
        at(1, 9, "read x 1"),
        at(10, 11, "read x 1 2"),
      ]);
      expect(names(report)).to.include("G1b");
    });

    it("G1c: two transactions that read each other's appends", () => {
      const report = checkListAppend([at(1, 9, "append x 1, read y 1"), at(1, 9, "append y 1, read x 1")]);
      expect(names(report)).to.deep.equal(["G1c"]);
    });

    it("lost update: two appends to the same version, one of which is gone", () => {
      const report = checkListAppend([
        at(1, 9, "read x, append x 1"),
        at(1, 9, "read x, append x 2"),
        at(10, 11, "read x 2"),
      ]);
      expect(names(report)).to.include("lost-update");
      expect(report.anomalies[0]?.transactions).to.deep.equal([0, 1]);
    });

    it("lost update: also when no later read shows either", () => {
      const report = checkListAppend([at(1, 9, "read x, append x 1"), at(1, 9, "read x, append x 2")]);
      expect(names(report)).to.include("lost-update");
    });

    it("G-single: a reader that sees one append of a transaction and misses another", () => {
      const report = checkListAppend([
        at(1, 9, "append x 1, append y 1"),
        at(1, 9, "read x 1, read y"),
        at(10, 11, "read y 1"),
      ]);
      expect(names(report)).to.deep.equal(["G-single"]);
    });

    it("G-single: also when the missed append is never read", () => {
      const report = checkListAppend([at(1, 9, "append x 1, append y 1"), at(1, 9, "read x 1, read y")]);
      expect(names(report)).to.deep.equal(["G-single"]);
    });

    it("G2: write skew", () => {
      const report = checkListAppend([
        at(1, 9, "read x, append y 1"),
        at(1, 9, "read y, append x 1"),
        at(10, 11, "read x 1, read y 1"),
      ]);
      expect(names(report)).to.deep.equal(["G2"]);
    });

    it("G2: write skew whose appends are never read", () => {
      const report = checkListAppend([at(1, 9, "read x, append y 1"), at(1, 9, "read y, append x 1")]);
      expect(names(report)).to.deep.equal(["G2"]);
    });

    it("G2 among three transactions", () => {
      const report = checkListAppend([
        at(1, 9, "read x, append y 1"),
        at(1, 9, "read y, append z 1"),
        at(1, 9, "read z, append x 1"),
      ]);
      expect(names(report)).to.deep.equal(["G2"]);
      expect(report.anomalies[0]?.transactions).to.have.members([0, 1, 2]);
    });

    it("internal: a transaction that misses its own append", () => {
      expect(names(checkListAppend([at(1, 2, "append x 1, read x")]))).to.deep.equal(["internal"]);
    });

    it("internal: a list that changes between two reads of one transaction", () => {
      const report = checkListAppend([at(1, 2, "append x 1"), at(1, 9, "read x, read x 1")]);
      expect(names(report)).to.include("internal");
    });

    it("incompatible orders of one list", () => {
      const report = checkListAppend([
        at(1, 9, "append x 1"),
        at(1, 9, "append x 2"),
        at(1, 9, "read x 1 2"),
        at(1, 9, "read x 2 1"),
      ]);
      expect(names(report)).to.include("incompatible-order");
    });

    it("an element twice in a list", () => {
      expect(names(checkListAppend([at(1, 2, "append x 1"), at(3, 4, "read x 1 1")]))).to.include(
        "duplicate-element",
      );
    });

    it("an element that nobody appended", () => {
      expect(names(checkListAppend([at(1, 2, "read x 1")]))).to.deep.equal(["unwritten-element"]);
    });

    it("a stale read: real time against an anti-dependency", () => {
      const report = checkListAppend([at(1, 2, "append x 1"), at(3, 4, "read x"), at(5, 6, "read x 1")]);
      expect(names(report)).to.deep.equal(["G-single-realtime"]);
      expect(report.anomalies[0]?.description).to.include("it had ended before the other began");
    });

    it("a lost append: never read although a read began after it had committed", () => {
      const report = checkListAppend([at(1, 2, "append x 1"), at(3, 4, "read x")]);
      expect(names(report)).to.deep.equal(["G-single-realtime"]);
    });

    it("a read from the future", () => {
      const report = checkListAppend([at(1, 2, "read x 1"), at(3, 4, "append x 1")]);
      expect(names(report)).to.deep.equal(["G1c-realtime"]);
    });

    it("appends in the opposite order of real time", () => {
      const report = checkListAppend([
        at(1, 2, "append x 1"),
        at(3, 4, "append x 2"),
        at(3, 9, "read x 2 1"),
      ]);
      expect(names(report)).to.deep.equal(["G0-realtime"]);
    });

    it("two anti-dependencies that only real time joins", () => {
      const report = checkListAppend([
        at(1, 20, "read x, append y 1"),
        at(2, 4, "append x 1"),
        at(5, 9, "read y"),
      ]);
      expect(names(report)).to.deep.equal(["G2-realtime"]);
      expect(report.anomalies[0]?.transactions).to.have.members([0, 1, 2]);
    });

    it("an unknown append seen and then missed", () => {
      const report = checkListAppend([
        at(1, 2, "append x 1", "unknown"),
        at(3, 4, "read x 1"),
        at(5, 6, "read x"),
      ]);
      expect(names(report)).to.deep.equal(["G-single-realtime"]);
    });

    it("half of an unknown transaction", () => {
      const report = checkListAppend([
        at(1, 2, "append x 1, append y 1", "unknown"),
        at(3, 4, "read x 1, read y"),
      ]);
      expect(names(report)).to.deep.equal(["G-single"]);
    });

    it("a lost update by a transaction whose effect shows that it committed", () => {
      const report = checkListAppend([
        at(1, 9, "read x, append x 1, append y 1", "unknown"),
        at(1, 9, "read x, append x 2"),
        at(10, 11, "read x 2, read y 1"),
      ]);
      expect(names(report)).to.include("lost-update");
    });
  });

  it("refuses a history that appends one element twice", () => {
    const twice = [at(1, 2, "append x 1"), at(3, 4, "append x 1")];
    expect(() => checkListAppend(twice)).to.throw(TypeError, 'appended twice to "x" by T0 and T1');
  });

  it("keeps a few examples of each name and counts all", () => {
    const stale = Array.from({ length: 50 }, (_, i) => [
      at(i * 10, i * 10 + 1, `append key${i} 1`),
      at(i * 10 + 2, i * 10 + 3, `read key${i}`),
    ]);
    const report = checkListAppend(stale.flat());
    expect(report.counts.get("G-single-realtime")).to.equal(50);
    expect(report.anomalies).to.have.lengthOf(8);
  });

  it("says which transactions, what they did, and why no order fits", () => {
    const report = checkListAppend([at(1, 9, "read x, append y 1"), at(1, 9, "read y, append x 1")]);
    expect(describeReport(report)).to.equal(
      [
        "1 × G2 in 4 operations in 2 committed transactions, 0 aborted, 0 unknown",
        "",
        "G2: these transactions have no serial order",
        '  T0 must come before T1: it read "x" before the other appended to it',
        '  T1 must come before T0: it read "y" before the other appended to it',
        '  T0 (client 1, 1 to 9, committed): read "x" as [], append 1 to "y"',
        '  T1 (client 1, 1 to 9, committed): read "y" as [], append 1 to "x"',
      ].join("\n"),
    );
  });
});
