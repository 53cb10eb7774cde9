import { expect } from "chai";
import fc from "fast-check";
import { OrderedIndex } from "../../../src/backends/local/ordered-index.js";
import { compareKeys } from "../../../src/core/key.js";
import { inRange, type KeyRange } from "../../../src/core/range.js";

/** A set of keys and the index over it, changed together. */
class IndexedSet {
  readonly keys = new Set<string>();
  readonly index = new OrderedIndex((key) => this.keys.has(key));

  add(key: string): void {
    if (this.keys.has(key)) return;
    this.keys.add(key);
    this.index.touch(key);
  }

  delete(key: string): void {
    if (this.keys.delete(key)) this.index.touch(key);
  }

  drop(range: KeyRange): void {
    for (const key of this.keys) if (inRange(key, range)) this.keys.delete(key);
    this.index.drop(range);
  }

  walk(range: KeyRange, reverse = false): string[] {
    const seen: string[] = [];
    this.index.walk(range, reverse, (key) => seen.push(key) > 0);
    return seen;
  }

  expected(range: KeyRange): string[] {
    return [...this.keys].filter((key) => inRange(key, range)).sort(compareKeys);
  }
}

const EVERYTHING = { start: "" };

describe("OrderedIndex", () => {
  it("agrees with a sorted set through arbitrary changes and looks", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", "\ud7ff", "\ue000", "\u{1f600}"), maxLength: 4 });
    const range = fc.record({ start: key, end: fc.option(key, { nil: undefined }) });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), key }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), range }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("look" as const), range }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const set = new IndexedSet();
        for (const one of steps) {
          if (one.kind === "add") set.add(one.key);
          else if (one.kind === "delete") set.delete(one.key);
          else {
            const { start, end } = one.range;
            const keyRange = end === undefined ? { start } : { start, end };
            if (one.kind === "drop") set.drop(keyRange);
            expect(set.walk(keyRange)).to.deep.equal(set.expected(keyRange));
            expect(set.walk(keyRange, true)).to.deep.equal(set.expected(keyRange).reverse());
            expect(set.index.count(keyRange)).to.equal(set.expected(keyRange).length);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const orders: readonly (readonly [title: string, at: (i: number) => number])[] = [
    ["in order", (i) => i],
    ["in reverse", (i) => 99_999 - i],
    ["in no order", (i) => (i * 77_773) % 100_000],
  ];
  for (const [title, at] of orders) {
    it(`orders 100 000 keys that came ${title}, over many chunks`, () => {
      const set = new IndexedSet();
      for (let i = 0; i < 100_000; i++) set.add(String(at(i)).padStart(6, "0"));
      const all = Array.from({ length: 100_000 }, (_, i) => String(i).padStart(6, "0"));
      expect(set.walk(EVERYTHING)).to.deep.equal(all);
      expect(set.walk(EVERYTHING, true)).to.deep.equal(all.reverse());
      expect(set.index.count({ start: "012345", end: "054321" })).to.equal(54_321 - 12_345);
    });
  }

  it("joins chunks that deletes have emptied", () => {
    const set = new IndexedSet();
    for (let i = 0; i < 50_000; i++) set.add(String(i).padStart(6, "0"));
    expect(set.index.count(EVERYTHING)).to.equal(50_000);
    for (let i = 0; i < 50_000; i++) if (i % 100 !== 0) set.delete(String(i).padStart(6, "0"));
    expect(set.walk(EVERYTHING)).to.deep.equal(set.expected(EVERYTHING));
    expect(set.index.count({ start: "010000", end: "020000" })).to.equal(100);
  });

  it("does not mind a key that comes and goes many times between two looks", () => {
    const set = new IndexedSet();
    set.add("b");
    for (let i = 0; i < 40_000; i++) {
      set.add("a");
      set.delete("a");
    }
    expect(set.walk(EVERYTHING)).to.deep.equal(["b"]);
    set.add("a");
    expect(set.walk(EVERYTHING)).to.deep.equal(["a", "b"]);
  });

  it("changes to byte order when the first wide key comes, with what stands already", () => {
    const set = new IndexedSet();
    for (const key of ["b", "a", "ü"]) set.add(key);
    expect(set.walk(EVERYTHING)).to.deep.equal(["a", "b", "ü"]);
    for (const key of ["\u{1f600}", "\uffff", "\ue000"]) set.add(key);
    expect(set.walk(EVERYTHING)).to.deep.equal(["a", "b", "ü", "\ue000", "\uffff", "\u{1f600}"]);
  });

  it("stops when it is told to", () => {
    const set = new IndexedSet();
    for (const key of ["a", "b", "c"]) set.add(key);
    const seen: string[] = [];
    set.index.walk(EVERYTHING, false, (key) => seen.push(key) < 2);
    expect(seen).to.deep.equal(["a", "b"]);
  });
});
