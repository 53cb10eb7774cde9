import { expect } from "chai";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { cloneValue, freezeValue } from "../../src/core/clone.js";
import { normalizeValue } from "../../src/core/normalize.js";
import { storedValues } from "./stored-values.js";

/** Changes every object of a value in place. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Date) value.setTime(1);
  else if (value instanceof Uint8Array) value.fill(255);
  else if (value instanceof Map) spoilMap(value);
  else if (value instanceof Set) spoilSet(value);
  else spoilFields(value as Record<string, unknown>);
}

function spoilMap(map: Map<unknown, unknown>): void {
  for (const pair of map) pair.forEach(spoil);
  map.clear();
}

function spoilSet(set: Set<unknown>): void {
  for (const member of set) spoil(member);
  set.add("spoilt");
}

function spoilFields(fields: Record<string, unknown>): void {
  for (const part of Object.values(fields)) spoil(part);
  for (const name of Object.keys(fields)) Reflect.deleteProperty(fields, name);
  fields["spoilt"] = true;
}

describe("cloneValue", () => {
  it("gives an equal value that nothing done to the original changes", () => {
    fc.assert(
      fc.property(storedValues, (value) => {
        const reference = normalizeValue([value]) as [unknown];
        const copy = cloneValue(value);
        spoil(value);
        expect(isDeepStrictEqual(copy, reference[0])).to.equal(true);
      }),
    );
  });

  it("copies frozen values to ones that may be changed", () => {
    const value = { list: [{ a: 1 }] };
    freezeValue(value);
    const copy = cloneValue(value);
    copy.list.push({ a: 2 });
    (copy.list[0] as { a: number }).a = 3;
    expect(copy).to.deep.equal({ list: [{ a: 3 }, { a: 2 }] });
  });

  it("gives the copy no field that somebody added to Object.prototype", () => {
    Object.defineProperty(Object.prototype, "added", {
      value: {},
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(Object.keys(cloneValue({ a: [1] }))).to.deep.equal(["a"]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "added");
    }
  });

  it("keeps an own __proto__ apart from the prototype", () => {
    const copy = cloneValue(JSON.parse('{"__proto__":{"a":[1]}}') as object);
    expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
    expect(JSON.stringify(copy)).to.equal('{"__proto__":{"a":[1]}}');
  });
});

describe("freezeValue", () => {
  it("freezes JSON types, bigint and undefined through and through", () => {
    const value = { a: [{ b: 1n, c: undefined }], d: null };
    expect(freezeValue(value)).to.equal(true);
    for (const part of [value, value.a, value.a[0]]) expect(Object.isFrozen(part)).to.equal(true);
  });

  it("takes primitives as they are", () => {
    for (const value of [1, "a", null, undefined, 1n, true]) expect(freezeValue(value)).to.equal(true);
  });

  for (const part of [new Date(0), new Map(), new Set(), new Uint8Array(1)]) {
    it(`answers false when there is a ${part.constructor.name} anywhere`, () => {
      expect(freezeValue(part)).to.equal(false);
      expect(freezeValue({ a: [1, { b: part }] })).to.equal(false);
    });
  }
});
