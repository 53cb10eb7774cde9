import { expect } from "chai";
import fc from "fast-check";
import { StorageFault } from "../../src/core/errors.js";
import {
  checkKey,
  checkNamespace,
  compareKeys,
  headKey,
  MAX_KEY_BYTES,
  userKey,
} from "../../src/core/key.js";

const texts = fc.string({ unit: "binary" });
/** Characters around the places where UTF-16 order and UTF-8 order part. */
const borderTexts = fc.string({
  unit: fc.constantFrom(
    "\0",
    "a",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
  ),
  maxLength: 4,
});

describe("compareKeys", () => {
  it("orders as the bytes of UTF-8", () => {
    fc.assert(
      fc.property(fc.oneof(texts, borderTexts), fc.oneof(texts, borderTexts), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareKeys(a, b))).to.equal(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("puts emoji after everything of the basic plane", () => {
    const sorted = ["😀", "\uffff", "\ue000", "é", "b", "B", "a"].toSorted(compareKeys);
    expect(sorted).to.deep.equal(["B", "a", "b", "é", "\ue000", "\uffff", "😀"]);
  });
});

describe("checkKey", () => {
  const allowed = [
    "a",
    " ",
    "a/b",
    "../../x",
    ".hidden",
    "CON",
    "__proto__",
    "constructor",
    "\n",
    "😀",
    "k".repeat(MAX_KEY_BYTES),
    "é".repeat(512),
    "\u{10ffff}".repeat(256),
  ];
  for (const key of allowed) {
    it(`accepts ${JSON.stringify(key.slice(0, 20))} of ${key.length} units`, () => {
      expect(() => checkKey(key)).not.to.throw();
    });
  }

  const refused: readonly [string, string][] = [
    ["", "must not be empty"],
    ["a\0b", "must not contain U+0000"],
    ["k".repeat(MAX_KEY_BYTES + 1), "at most 1024 bytes of UTF-8, not 1025"],
    ["é".repeat(513), "at most 1024 bytes of UTF-8, not 1026"],
    ["a\ud800", "well-formed"],
    ["\udc00\ud800", "well-formed"],
  ];
  for (const [key, message] of refused) {
    it(`refuses ${JSON.stringify(key.slice(0, 20))} of ${key.length} units`, () => {
      expect(() => checkKey(key))
        .to.throw(StorageFault, message)
        .with.property("reason", "invalid-key");
    });
  }

  it("takes anything but text for misuse", () => {
    for (const key of [undefined, null, 5, {}, ["a"], Object("a")])
      expect(() => checkKey(key)).to.throw(TypeError);
  });
});

describe("checkNamespace", () => {
  it("accepts the root and names of up to 128 bytes", () => {
    for (const name of ["", "a", "é".repeat(64)]) expect(() => checkNamespace(name)).not.to.throw();
  });

  it("refuses NUL, ill-formed text and longer names", () => {
    for (const name of ["\0", "\ud800", "é".repeat(65)]) {
      expect(() => checkNamespace(name))
        .to.throw(StorageFault)
        .with.property("reason", "invalid-namespace");
    }
    expect(() => checkNamespace(undefined)).to.throw(TypeError);
  });
});

describe("headKey", () => {
  it("is undone by userKey, and keeps the order", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(userKey(headKey(a))).to.equal(a);
        expect(Math.sign(compareKeys(headKey(a), headKey(b)))).to.equal(Math.sign(compareKeys(a, b)));
      }),
    );
  });
});
