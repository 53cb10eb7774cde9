import { expect } from "chai";
import fc from "fast-check";
import { compareKeys } from "../../src/core/key.js";
import {
  EVERYTHING,
  inRange,
  isEmptyRange,
  overlaps,
  prefixRange,
  rangeBeyond,
  successor,
  type KeyRange,
} from "../../src/core/range.js";

const unit = fc.constantFrom("\u0001", "a", "b", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}");
const keys = fc.string({ unit, maxLength: 4 });
const ranges: fc.Arbitrary<KeyRange> = fc
  .tuple(keys, fc.option(keys, { nil: undefined }))
  .map(([start, end]) => (end === undefined ? { start } : { start, end }));

/** Every key of up to two characters of a small alphabet, to decide by trying. */
const ALL = ["", "\u0001", "a", "b"].flatMap((a) => ["", "\u0001", "a", "b"].map((b) => a + b));
const smallRanges: fc.Arbitrary<KeyRange> = fc
  .tuple(fc.constantFrom(...ALL), fc.option(fc.constantFrom(...ALL), { nil: undefined }))
  .map(([start, end]) => (end === undefined ? { start } : { start, end }));

describe("prefixRange", () => {
  it("holds exactly the keys that begin with the prefix", () => {
    fc.assert(
      fc.property(keys, keys, keys, (prefix, rest, other) => {
        for (const key of [prefix, prefix + rest, other]) {
          expect(inRange(key, prefixRange(prefix))).to.equal(key.startsWith(prefix));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("has a well-formed end, or none", () => {
    expect(prefixRange("a")).to.deep.equal({ start: "a", end: "b" });
    expect(prefixRange("a\ud7ff")).to.deep.equal({ start: "a\ud7ff", end: "a\ue000" });
    expect(prefixRange("a\uffff")).to.deep.equal({ start: "a\uffff", end: "a\u{10000}" });
    expect(prefixRange("a\u{10ffff}")).to.deep.equal({ start: "a\u{10ffff}", end: "b" });
    expect(prefixRange("\u{10ffff}")).to.deep.equal({ start: "\u{10ffff}" });
    expect(prefixRange("")).to.deep.equal(EVERYTHING);
  });
});

describe("successor", () => {
  it("has no key between itself and the key", () => {
    fc.assert(
      fc.property(keys, keys, (key, other) => {
        expect(compareKeys(key, successor(key))).to.be.below(0);
        const between = compareKeys(other, key) > 0 && compareKeys(other, successor(key)) < 0;
        expect(between).to.equal(false);
      }),
    );
  });
});

describe("rangeBeyond", () => {
  it("keeps what lies after the key, or before it", () => {
    fc.assert(
      fc.property(ranges, keys, keys, (range, from, key) => {
        const after = inRange(key, range) && compareKeys(key, from) > 0;
        const before = inRange(key, range) && compareKeys(key, from) < 0;
        expect(inRange(key, rangeBeyond(range, from, false))).to.equal(after);
        expect(inRange(key, rangeBeyond(range, from, true))).to.equal(before);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("overlaps", () => {
  it("says whether two ranges share a key", () => {
    // Between two keys of ALL that differ there is always a third that ALL holds or that has one more \u0001.
    const candidates = ALL.flatMap((key) => [key, `${key}\u0001`]);
    fc.assert(
      fc.property(smallRanges, smallRanges, (a, b) => {
        const shared = candidates.some((key) => inRange(key, a) && inRange(key, b));
        expect(overlaps(a, b)).to.equal(shared);
        expect(overlaps(b, a)).to.equal(shared);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("isEmptyRange", () => {
  it("is true when the end is not after the start", () => {
    expect(isEmptyRange({ start: "a", end: "a" })).to.equal(true);
    expect(isEmptyRange({ start: "b", end: "a" })).to.equal(true);
    expect(isEmptyRange({ start: "a", end: "a\0" })).to.equal(false);
    expect(isEmptyRange({ start: "a" })).to.equal(false);
  });
});
