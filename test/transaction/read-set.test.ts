import { expect } from "chai";
import { ABSENT } from "../../src/core/decoded-entry.js";
import { DigestSum } from "../../src/core/range-digest.js";
import { ReadSet } from "../../src/transaction/read-set.js";

function present(version: string) {
  return { ...ABSENT, version, type: 1 as const };
}

describe("ReadSet", () => {
  it("checks what was read, absent keys included, by the first answer for each", () => {
    const reads = new ReadSet();
    expect(reads.add("a", present("1")).version).to.equal("1");
    expect(reads.add("a", present("2")).version).to.equal("1");
    reads.add("b", ABSENT);
    expect(reads.checks()).to.deep.equal([
      { key: "a", version: "1" },
      { key: "b", version: null },
    ]);
    expect(reads.get("a")?.version).to.equal("1");
    expect(reads.get("c")).to.equal(undefined);
  });

  it("needs no validation for one key alone, and does for two or a range", () => {
    const one = new ReadSet();
    expect(one.isSeveral).to.equal(false);
    one.add("a", ABSENT);
    expect(one.isSeveral).to.equal(false);
    one.add("b", ABSENT);
    expect(one.isSeveral).to.equal(true);
    const range = new ReadSet();
    range.addRange({ start: "a" }, new DigestSum());
    expect(range.isSeveral).to.equal(true);
  });

  it("keeps a range as it was summed, and no empty one", () => {
    const reads = new ReadSet();
    const sum = new DigestSum();
    sum.add("a", "1");
    reads.addRange({ start: "a", end: "b" }, sum);
    reads.addRange({ start: "b", end: "b" }, sum);
    expect(reads.ranges()).to.deep.equal([{ range: { start: "a", end: "b" }, count: 1, digest: sum.digest }]);
    reads.clear();
    expect(reads.size).to.equal(0);
  });
});
