import { expect } from "chai";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { StorageFault } from "../../src/core/errors.js";
import { MAX_VALUE_DEPTH, normalizeValue } from "../../src/core/normalize.js";
import { storableValues } from "./stored-values.js";

function refusal(value: unknown): StorageFault {
  try {
    normalizeValue(value);
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    return error as StorageFault;
  }
  throw new Error("the value was accepted");
}

function nested(levels: number, innermost: unknown = 0): unknown {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { deeper: value };
  return value;
}

/** Every object that can be reached from a value. */
function objectsOf(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  const parts =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const part of parts) objectsOf(part, found);
  return found;
}

describe("normalizeValue", () => {
  it("gives an equal value for everything in stored form, and shares nothing with it", () => {
    fc.assert(
      fc.property(storableValues, (value) => {
        const copy = normalizeValue(value);
        expect(isDeepStrictEqual(copy, value)).to.equal(true);
        const originals = objectsOf(value);
        for (const object of objectsOf(copy)) expect(originals.has(object)).to.equal(false);
      }),
    );
  });

  it("copies an object that occurs twice twice", () => {
    const shared = { n: 1 };
    const copy = normalizeValue([shared, shared]) as { n: number }[];
    expect(copy).to.deep.equal([{ n: 1 }, { n: 1 }]);
    expect(copy[0]).not.to.equal(copy[1]);
  });

  it("keeps the order of fields, members and entries", () => {
    const copy = normalizeValue({
      z: 1,
      a: new Set([3, 1, 2]),
      m: new Map([
        [2, 0],
        [1, 0],
      ]),
    }) as {
      a: Set<number>;
      m: Map<number, number>;
    };
    expect(Object.keys(copy)).to.deep.equal(["z", "a", "m"]);
    expect([...copy.a]).to.deep.equal([3, 1, 2]);
    expect([...copy.m.keys()]).to.deep.equal([2, 1]);
  });

  describe("what it turns into stored form", () => {
    class Account {
      readonly #secret = 1;
      readonly email = "a@example.org";
      static readonly table = "accounts";
      get shown(): number {
        return this.#secret;
      }
    }
    class Tags extends Array<string> {
      toJSON(): string {
        return this.join();
      }
    }
    class Money {
      toJSON(): unknown {
        return { amount: 5n, at: new Date(7) };
      }
    }
    const cases: readonly [string, unknown, unknown][] = [
      ["a class instance", new Account(), { email: "a@example.org" }],
      ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
      ["a toJSON method of a class", { price: new Money() }, { price: { amount: 5n, at: new Date(7) } }],
      ["a toJSON function of its own", { a: 1, toJSON: () => [1] }, [1]],
      ["a toJSON field that is no function", { toJSON: "text" }, { toJSON: "text" }],
      ["a toJSON that answers undefined, inside", [{ toJSON: () => undefined }], [undefined]],
      ["a URL", new URL("http://a.example/b"), "http://a.example/b"],
      ["a Buffer", Buffer.from([1, 2]), new Uint8Array([1, 2])],
      ["an array with holes", [1, , 3], [1, undefined, 3]], // oxlint-disable-line no-sparse-arrays
      ["an array with a field", Object.assign([1], { extra: 2 }), [1]],
      ["a subclass of Array", new (class extends Array<number> {})(3).fill(1), [1, 1, 1]],
      ["a subclass of Array with toJSON", new Tags("a", "b"), "a,b"],
      ["boxed primitives", [Object(1), Object("a"), Object(true), Object(1n)], [1, "a", true, 1n]],
      [
        "symbol fields and hidden fields",
        Object.defineProperty({ [Symbol("s")]: 1 }, "hidden", { value: 2 }),
        {},
      ],
      [
        "a getter",
        {
          get a() {
            return [1];
          },
        },
        { a: [1] },
      ],
      ["a proxy", new Proxy({ a: { b: 1 } }, {}), { a: { b: 1 } }],
      ["an error", Object.assign(new Error("text"), { code: 5 }), { code: 5 }],
    ];
    for (const [name, value, stored] of cases) {
      it(name, () => {
        const copy = normalizeValue(value);
        expect(isDeepStrictEqual(copy, stored)).to.equal(true);
      });
    }

    it("values of another realm", () => {
      const value: unknown = runInNewContext(
        "({ list: [1], date: new Date(5), map: new Map([[1, new Set([2])]]), bytes: new Uint8Array([3]) })",
      );
      const stored = {
        list: [1],
        date: new Date(5),
        map: new Map([[1, new Set([2])]]),
        bytes: new Uint8Array([3]),
      };
      expect(isDeepStrictEqual(normalizeValue(value), stored)).to.equal(true);
    });

    it("an invalid Date stays one", () => {
      expect((normalizeValue(new Date(Number.NaN)) as Date).getTime()).to.be.NaN;
    });
  });

  describe("prototypes", () => {
    it("keeps an own __proto__ as a field and changes no prototype", () => {
      const value: unknown = JSON.parse(
        '{"__proto__": {"polluted": true}, "constructor": 1, "a": {"__proto__": null}}',
      );
      const copy = normalizeValue(value) as Record<string, unknown>;
      expect(Object.keys(copy)).to.deep.equal(["__proto__", "constructor", "a"]);
      expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
      expect(({} as Record<string, unknown>)["polluted"]).to.equal(undefined);
      expect(JSON.stringify(copy)).to.equal(JSON.stringify(value));
    });

    it("leaves out what somebody added to Object.prototype", () => {
      Object.defineProperty(Object.prototype, "added", {
        value: {},
        enumerable: true,
        configurable: true,
        writable: true,
      });
      try {
        expect(Object.keys(normalizeValue({ a: 1 }) as object)).to.deep.equal(["a"]);
      } finally {
        Reflect.deleteProperty(Object.prototype, "added");
      }
    });
  });

  describe("what it refuses", () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic["self"] = { inner: [cyclic] };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const boom = (): never => {
      throw new Error("boom");
    };
    const cases: readonly [string, unknown, string][] = [
      ["a function", () => 1, "a function cannot be stored"],
      ["a function inside", { on: { click: [1, () => 1] } }, "at .on.click[1]: a function cannot be stored"],
      ["a class", class {}, "a function cannot be stored"],
      ["a symbol", [Symbol("s")], "at [0]: a symbol cannot be stored"],
      ["a boxed symbol", Object(Symbol("s")), "a symbol cannot be stored"],
      [
        "undefined by itself",
        undefined,
        "undefined cannot be stored by itself; store null, or delete the key",
      ],
      [
        "a toJSON that answers undefined",
        { toJSON: () => undefined },
        "undefined cannot be stored by itself",
      ],
      ["a toJSON that answers a function", { toJSON: () => boom }, "a function cannot be stored"],
      ["a cycle", cyclic, "at .self.inner[0]: a cycle cannot be stored"],
      [
        "a cycle further down",
        { list: [{ ring: cyclic }] },
        "at .list[0].ring.self.inner[0]: a cycle cannot be stored",
      ],
      ["a promise", { a: Promise.resolve(1) }, "at .a: a promise (is an await missing?) cannot be stored"],
      ["a WeakMap", new WeakMap(), "a weak reference cannot be stored"],
      ["a WeakSet", new WeakSet(), "a weak reference cannot be stored"],
      ["a WeakRef", new WeakRef({}), "a weak reference cannot be stored"],
      ["a RegExp", { pattern: /a/ }, "at .pattern: a RegExp cannot be stored"],
      ["an ArrayBuffer", new ArrayBuffer(1), "an ArrayBuffer (wrap it in a Uint8Array) cannot be stored"],
      [
        "a SharedArrayBuffer",
        new SharedArrayBuffer(1),
        "an ArrayBuffer (wrap it in a Uint8Array) cannot be stored",
      ],
      ["another typed array", new Float64Array(1), "a view other than Uint8Array cannot be stored"],
      ["a DataView", new DataView(new ArrayBuffer(1)), "a view other than Uint8Array cannot be stored"],
      [
        "a getter that throws",
        {
          a: {
            get "b c"(): never {
              return boom();
            },
          },
        },
        'at .a["b c"]: reading it threw',
      ],
      ["a toJSON that throws", [{ toJSON: boom }], "at [0]: reading it threw"],
      ["a proxy that throws", { p: new Proxy({}, { ownKeys: boom }) }, "at .p: reading it threw"],
      ["a revoked proxy", revoked.proxy, "reading it threw"],
      ["a proxy of a Map", new Proxy(new Map([[1, 1]]), {}), "a proxy of a built-in object cannot be stored"],
      ["a function in a Map's value", new Map([["k", boom]]), "at .value[0]: a function cannot be stored"],
      [
        "a function in a Map's key",
        new Map<unknown, unknown>([
          [1, 1],
          [boom, 1],
        ]),
        "at .key[1]: a function",
      ],
      ["a function in a Set", new Set([1, boom]), "at [1]: a function cannot be stored"],
    ];
    for (const [name, value, message] of cases) {
      it(name, () => {
        const fault = refusal(value);
        expect(fault.reason).to.equal("unserializable");
        expect(fault.message).to.include(message);
      });
    }

    it("keeps what a getter threw as the cause", () => {
      const cause = new Error("boom");
      const fault = refusal({
        get a(): never {
          throw cause;
        },
      });
      expect(fault.cause).to.equal(cause);
      expect(fault.message).not.to.include("boom");
    });

    it("nesting over the limit, and not up to it", () => {
      expect(() => normalizeValue(nested(MAX_VALUE_DEPTH))).not.to.throw();
      expect(refusal(nested(MAX_VALUE_DEPTH + 1)).message).to.include(
        "more than 1000 levels cannot be stored",
      );
      expect(refusal(nested(50_000)).reason).to.equal("unserializable");
    });

    it("a Map, Set and toJSON nested in themselves", () => {
      const map = new Map<string, unknown>();
      map.set("self", map);
      const set = new Set<unknown>();
      set.add([set]);
      const again = { toJSON: () => [again] };
      expect(refusal(map).message).to.include("a cycle");
      expect(refusal(set).message).to.include("a cycle");
      expect(refusal(again).message).to.include("a cycle");
    });

    it("a cycle of many wide objects, before it has copied each thousands of times", () => {
      const wide: unknown[] = Array.from({ length: 100_000 }, (_, i) => i);
      wide.push({ back: wide });
      expect(refusal(wide).message).to.include("a cycle");
    });

    it("what shared references unfold to without end", () => {
      let value: unknown = [];
      for (let i = 0; i < 40; i++) value = [value, value];
      expect(refusal(value).reason).to.equal("too-large");
    });

    it("a sparse array of four billion elements", () => {
      const sparse: unknown[] = [];
      sparse.length = 2 ** 32 - 1;
      expect(refusal({ sparse }).reason).to.equal("too-large");
    });

    it("and shows both ends of a long path, with long names cut", () => {
      const fault = refusal(nested(100, { ["x".repeat(500)]: Symbol("s") }));
      expect(fault.message).to.match(/^at \.deeper\[0\]\.deeper\[0\]…/);
      expect(fault.message.length).to.be.below(250);
    });
  });
});
