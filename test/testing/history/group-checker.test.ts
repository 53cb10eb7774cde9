import { expect } from "chai";
import { checkGroups, describeReport, type AnomalyReport } from "../../../src/testing/history/index.js";
import { groupAt } from "./notation.js";

function names(report: AnomalyReport): string[] {
  return [...report.counts.keys()].sort();
}

describe("checkGroups", () => {
  it("accepts one insert per empty group and observers that see it", () => {
    const report = checkGroups([
      groupAt(1, 5, "observe g, insert g 1"),
      groupAt(1, 6, "observe g 1"),
      groupAt(7, 8, "observe g 1"),
      groupAt(1, 4, "observe g, insert g 2", "aborted"),
    ]);
    expect(report.valid, describeReport(report)).to.equal(true);
  });

  it("accepts observations of a transaction's own members", () => {
    const report = checkGroups([
      groupAt(1, 5, "observe g, insert g 1, observe g 1, insert g 2, observe g 1 2"),
    ]);
    expect(report.valid, describeReport(report)).to.equal(true);
  });

  it("accepts an unknown insert, seen or not", () => {
    const unknown = groupAt(1, 2, "observe g, insert g 1", "unknown");
    expect(checkGroups([unknown, groupAt(3, 4, "observe g, insert g 2")]).valid).to.equal(true);
    expect(checkGroups([unknown, groupAt(3, 4, "observe g 1")]).valid).to.equal(true);
  });

  it("finds a phantom: two inserts into a group both found empty", () => {
    const report = checkGroups([
      groupAt(1, 5, "observe g, insert g 1"),
      groupAt(1, 5, "observe g, insert g 2"),
      groupAt(6, 7, "observe g 1 2"),
    ]);
    expect(names(report)).to.deep.equal(["G2", "phantom"]);
    expect(report.anomalies[0]?.description).to.include("T0 and T1 both insert into");
  });

  it("finds a phantom whose members nobody sees", () => {
    const report = checkGroups([
      groupAt(1, 5, "observe g, insert g 1"),
      groupAt(1, 5, "observe g, insert g 2"),
    ]);
    expect(names(report)).to.include("phantom");
  });

  it("finds write skew over two groups", () => {
    const report = checkGroups([
      groupAt(1, 5, "observe g, insert h 1"),
      groupAt(1, 5, "observe h, insert g 1"),
    ]);
    expect(names(report)).to.deep.equal(["G2"]);
  });

  it("finds a torn observation: one of two members inserted together", () => {
    const report = checkGroups([groupAt(1, 5, "insert g 1, insert g 2"), groupAt(1, 5, "observe g 1")]);
    expect(names(report)).to.deep.equal(["G-single"]);
  });

  it("finds a stale observation", () => {
    const report = checkGroups([groupAt(1, 2, "insert g 1"), groupAt(3, 4, "observe g")]);
    expect(names(report)).to.deep.equal(["G-single-realtime"]);
  });

  it("finds members of rolled-back and of unheard-of inserts, and members listed twice", () => {
    const rolledBack = checkGroups([groupAt(1, 2, "insert g 1", "aborted"), groupAt(3, 4, "observe g 1")]);
    expect(names(rolledBack)).to.deep.equal(["G1a"]);
    expect(names(checkGroups([groupAt(1, 2, "observe g 1")]))).to.deep.equal(["unwritten-element"]);
    const twice = checkGroups([groupAt(1, 2, "insert g 1"), groupAt(3, 4, "observe g 1 1")]);
    expect(names(twice)).to.deep.equal(["duplicate-element"]);
  });

  it("finds a group that changes within a transaction, or lacks its own member", () => {
    const changed = checkGroups([groupAt(1, 2, "insert g 1"), groupAt(1, 5, "observe g, observe g 1")]);
    expect(names(changed)).to.include("internal");
    expect(names(checkGroups([groupAt(1, 5, "insert g 1, observe g")]))).to.deep.equal(["internal"]);
  });

  it("refuses a history that inserts one member twice", () => {
    const twice = [groupAt(1, 2, "insert g 1"), groupAt(3, 4, "insert g 1")];
    expect(() => checkGroups(twice)).to.throw(TypeError, 'inserted twice into "g" by T0 and T1');
  });
});
