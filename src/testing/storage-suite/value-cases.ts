import assert from "node:assert/strict";
import type { StorageCaseList } from "./storage-case-list.js";
import { collect, rejects } from "./storage-assertions.js";

/** What goes in comes out, of its own kind and as the caller's own. */
export function valueCases(list: StorageCaseList): void {
  list.topic("values", () => {
    roundTripCases(list);
    presenceCases(list);
    refusedCases(list);
    privacyCases(list);
    if (list.harness.values === "frozen" && list.harness.cacheEntries > 0) frozenCases(list);
  });
}

class Point {
  readonly x = 1;
  readonly #hidden = 2;

  get sum(): number {
    return this.x + this.#hidden;
  }
}

const VALUES: readonly [title: string, value: unknown, stored?: unknown][] = [
  ["null", null],
  ["false", false],
  ["0", 0],
  ["-0", -0],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["the largest number", Number.MAX_VALUE],
  ["the empty text", ""],
  ["text that looks like a number", "123"],
  ["text of all planes", "ä€😀\u{10ffff}"],
  ["text with control characters", "\0\n\r\u2028\u007f"],
  ["text with a lone surrogate", "a\ud800b"],
  ["an empty array", []],
  ["an empty object", {}],
  ["nested arrays", [[[1], [2, [3]]]]],
  ["undefined inside an object", { a: undefined, b: 1 }],
  ["undefined inside an array", [undefined, 1, undefined]],
  ["a Date", new Date(0)],
  ["bytes", new Uint8Array([0, 1, 255])],
  ["no bytes", new Uint8Array(0)],
  ["a Buffer, as bytes", Buffer.from("abc"), new Uint8Array([97, 98, 99])],
  [
    "a Map",
    new Map<unknown, unknown>([
      ["a", 1],
      [{ b: 2 }, new Date(5)],
    ]),
  ],
  ["a Set", new Set([1, "1", null])],
  ["a bigint", 2n ** 200n],
  ["a negative bigint", -1n],
  ["an object like a tag of a date", { __date__: 1 }],
  ["an object like a tag with a dollar", { $date: "2020-01-01", $type: "Map" }],
  ["an object with an own __proto__", JSON.parse('{"__proto__":{"polluted":1}}')],
  ["an object with the names of Object.prototype", { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ["a class instance, as its own fields", new Point(), { x: 1 }],
  ["what toJSON gives", { toJSON: () => ({ given: 1 }) }, { given: 1 }],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  [
    "all of them together",
    { d: new Date(1), m: new Map([["s", new Set([1n])]]), b: new Uint8Array(3), n: [-0] },
  ],
];

function roundTripCases(list: StorageCaseList): void {
  for (const [title, value, stored = value] of VALUES) {
    list.it(`gives back ${title}`, async ({ store, ctx, strong }) => {
      await store.set(ctx, "key", value);
      assert.deepEqual(await store.get(ctx, "key"), stored, "from the cache");
      assert.deepEqual(await store.get(strong, "key"), stored, "from the backend");
      assert.deepEqual((await store.find(ctx, "key")).get("key"), stored, "from find");
      await store.transact(ctx, async (tx) => {
        assert.deepEqual(await tx.get("key"), stored, "in a transaction");
        await tx.set("other", value);
        assert.deepEqual(await tx.get("other"), stored, "from the buffer");
      });
      assert.deepEqual(await store.get(ctx, "other"), stored, "after the transaction");
    });
  }

  list.it("leaves Object.prototype alone whatever is stored", async ({ store, ctx, strong }) => {
    await store.set(ctx, "__proto__", JSON.parse('{"__proto__":{"polluted":1}}'));
    await store.get(strong, "__proto__");
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  list.it("gives back an invalid Date", async ({ store, ctx, strong }) => {
    await store.set(ctx, "date", new Date(Number.NaN));
    assert.ok(Number.isNaN((await store.get<Date>(strong, "date")).getTime()));
    // No two invalid Dates are equal, which the last look at the store would take amiss.
    await store.delete(ctx, "date");
  });

  list.it("gives back a value of a megabyte", async ({ store, ctx, strong }) => {
    const value = { text: "x€".repeat(250_000), bytes: new Uint8Array(200_000).fill(7) };
    await store.set(ctx, "big", value);
    assert.deepEqual(await store.get(strong, "big"), value);
  });

  list.it("gives back 1000 levels", async ({ store, ctx, strong }) => {
    const value: unknown = JSON.parse("[".repeat(1000) + "]".repeat(1000));
    await store.set(ctx, "deep", value);
    assert.equal(JSON.stringify(await store.get(strong, "deep")), JSON.stringify(value));
  });
}

function presenceCases(list: StorageCaseList): void {
  list.it("rejects get of an absent key with 5004", async ({ store, ctx }) => {
    await rejects(() => store.get(ctx, "absent"), {
      reason: "absent",
      code: 5004,
      key: "absent",
      operation: "get",
    });
  });

  list.it("gives the fallback of an absent key, also undefined and null", async ({ store, ctx }) => {
    assert.equal(await store.getOr(ctx, "absent", 7), 7);
    assert.equal(await store.getOr(ctx, "absent", undefined), undefined);
    assert.equal(await store.getOr(ctx, "absent", null), null);
  });

  for (const value of [null, false, 0, "", Number.NaN]) {
    list.it(`does not take a stored ${String(value) || '""'} for absent`, async ({ store, ctx }) => {
      await store.set(ctx, "falsy", value);
      assert.deepEqual(await store.getOr(ctx, "falsy", "fallback"), value);
      assert.equal(await store.exists(ctx, "falsy"), true);
      assert.deepEqual(await store.getBatch(ctx, ["falsy"]), new Map([["falsy", value]]));
      assert.deepEqual((await store.getEntry(ctx, "falsy"))?.value, value);
      assert.equal(await store.type(ctx, "falsy"), "value");
    });
  }

  list.it("hands the very fallback out, not a copy", async ({ store, ctx }) => {
    const fallback = {};
    assert.equal(await store.getOr(ctx, "absent", fallback), fallback);
  });

  list.it("tells whether a key exists, and what it holds", async ({ store, ctx }) => {
    assert.equal(await store.exists(ctx, "a"), false);
    assert.equal(await store.type(ctx, "a"), undefined);
    await store.set(ctx, "a", 1);
    assert.equal(await store.exists(ctx, "a"), true);
    assert.equal(await store.type(ctx, "a"), "value");
  });

  list.it("deletes a key once", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    assert.equal(await store.delete(ctx, "a"), true);
    assert.equal(await store.delete(ctx, "a"), false);
    await rejects(() => store.get(ctx, "a"), "absent");
  });

  list.it("answers false when an absent key is deleted", async ({ store, ctx }) => {
    assert.equal(await store.delete(ctx, "absent"), false);
  });

  list.it("replaces a value", async ({ store, ctx, strong }) => {
    await store.set(ctx, "a", [1]);
    await store.set(ctx, "a", { two: 2 });
    assert.deepEqual(await store.get(ctx, "a"), { two: 2 });
    assert.deepEqual(await store.get(strong, "a"), { two: 2 });
  });

  list.it("gives an entry its version, another one with each write", async ({ store, ctx, strong }) => {
    await store.set(ctx, "a", 1);
    const first = await store.getEntry(ctx, "a");
    assert.deepEqual(await store.getEntry(strong, "a"), first);
    assert.deepEqual(Object.keys(first ?? {}), ["key", "value", "version"]);
    await store.set(ctx, "a", 1);
    assert.notEqual((await store.getEntry(ctx, "a"))?.version, first?.version);
    assert.equal(await store.getEntry(ctx, "absent"), undefined);
  });

  list.it("gives a key deleted and set again another version", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    const before = await store.getEntry(ctx, "a");
    await store.delete(ctx, "a");
    await store.set(ctx, "a", 1);
    assert.notEqual((await store.getEntry(ctx, "a"))?.version, before?.version);
  });
}

function cycle(): object {
  const self: Record<string, unknown> = {};
  self["self"] = self;
  return self;
}

const REFUSED: readonly [title: string, value: unknown][] = [
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  ["a top-level undefined", undefined],
  ["a cycle", cycle()],
  ["a promise", Promise.resolve(1)],
  ["a WeakMap", new WeakMap()],
  ["a RegExp", /x/],
  ["a function deep inside", { list: [{ ok: 1 }, { bad: () => 1 }] }],
  ["a symbol in a Map", new Map([["k", Symbol("s")]])],
  ["1001 levels", JSON.parse("[".repeat(1001) + "]".repeat(1001))],
  ["50 000 levels", JSON.parse("[".repeat(50_000) + "]".repeat(50_000))],
  ["an ArrayBuffer", new ArrayBuffer(1)],
  ["a Float64Array", new Float64Array(1)],
  ["a getter that throws", Object.defineProperty({}, "x", { enumerable: true, get: () => fail() })],
  ["a toJSON that throws", { toJSON: () => fail() }],
];

function fail(): never {
  throw new Error("from the value");
}

function refusedCases(list: StorageCaseList): void {
  for (const [title, value] of REFUSED) {
    list.it(`refuses ${title}, and the earlier value stays`, async ({ store, ctx, strong }) => {
      await store.set(ctx, "key", "earlier", "1h");
      const before = await store.getEntry(ctx, "key");
      const expected = { reason: "unserializable", code: 5002, retryable: false } as const;
      await rejects(() => store.set(ctx, "key", value), { ...expected, operation: "set", key: "key" });
      await rejects(() => store.setBatch(ctx, { other: 1, key: value }), {
        ...expected,
        operation: "setBatch",
      });
      await store.transact(ctx, async (tx) => {
        const operation = "transaction.set";
        await rejects(() => tx.set("key", value), { ...expected, operation, key: "key" });
        assert.equal(await tx.get("key"), "earlier", "the transaction goes on");
      });
      assert.deepEqual(await store.getEntry(ctx, "key"), before);
      assert.deepEqual(await store.getEntry(strong, "key"), before);
      assert.equal(await store.exists(ctx, "other"), false, "nothing of the batch was stored");
    });
  }

  list.it("names the place of what it refuses, and never the value", async ({ store, ctx }) => {
    const value = { secret: "s3cr3t", list: [1, { bad: () => "s3cr3t" }] };
    const error = await rejects(() => store.set(ctx, "key", value), "unserializable");
    assert.match(error.message, /\.list\[1\]\.bad/);
    assert.doesNotMatch(error.message, /s3cr3t/);
  });

  list.it("keeps what a getter threw as the cause", async ({ store, ctx }) => {
    const cause = new Error("from the value");
    const value = {
      get bad(): never {
        throw cause;
      },
    };
    const error = await rejects(() => store.set(ctx, "key", value), "unserializable");
    assert.equal(error.cause, cause);
  });
}

interface Tree {
  list: { n: number }[];
  map: Map<string, { n: number }>;
  bytes: Uint8Array;
  date: Date;
}

function tree(): Tree {
  return {
    list: [{ n: 1 }],
    map: new Map([["k", { n: 1 }]]),
    bytes: new Uint8Array([1]),
    date: new Date(1),
  };
}

function spoil(value: Tree): void {
  value.list.push({ n: 9 });
  for (const item of value.list) item.n = 9;
  for (const item of value.map.values()) item.n = 9;
  value.map.set("more", { n: 9 });
  value.bytes.fill(9);
  value.date.setTime(9);
}

function privacyCases(list: StorageCaseList): void {
  list.it(
    "takes a value as it is at the call, whatever is done to it afterwards",
    async ({ store, ctx, strong }) => {
      const [one, batch, buffered] = [tree(), tree(), tree()];
      const writes = [store.set(ctx, "one", one), store.setBatch(ctx, { batch })];
      spoil(one);
      spoil(batch);
      await Promise.all(writes);
      await store.transact(ctx, async (tx) => {
        const written = tx.set("buffered", buffered);
        spoil(buffered);
        await written;
        assert.deepEqual(await tx.get("buffered"), tree());
      });
      for (const key of ["one", "batch", "buffered"]) {
        assert.deepEqual(await store.get(ctx, key), tree(), key);
        assert.deepEqual(await store.get(strong, key), tree(), key);
      }
    },
  );

  for (const [call, read] of READS) {
    list.it(`gives with ${call} what is the caller's own`, async (rig) => {
      await rig.store.set(rig.ctx, "key", tree());
      spoil(await read(rig.store, rig.ctx));
      spoil(await read(rig.store, rig.ctx));
      assert.deepEqual(await rig.store.get(rig.ctx, "key"), tree());
      assert.deepEqual(await rig.store.get(rig.strong, "key"), tree());
    });
  }

  list.it("gives each of those who wait for one load a value of their own", async ({ store, ctx }) => {
    await store.set(ctx, "key", tree());
    await store.clearCache(ctx);
    const values = await Promise.all(Array.from({ length: 5 }, () => store.get<Tree>(ctx, "key")));
    for (const value of values.slice(1)) spoil(value);
    assert.deepEqual(values[0], tree());
  });

  list.it("keeps what a transaction reads from what it wrote apart", async ({ store, ctx }) => {
    await store.set(ctx, "stored", tree());
    await store.transact(ctx, async (tx) => {
      await tx.set("own", tree());
      for (const key of ["stored", "own"]) {
        spoil(await tx.get<Tree>(key));
        spoil((await tx.getBatch<Tree>([key])).get(key) as Tree);
        spoil((await tx.find<Tree>(key)).get(key) as Tree);
        assert.deepEqual(await tx.get(key), tree());
      }
    });
    assert.deepEqual(await store.get(ctx, "own"), tree());
    assert.deepEqual(await store.get(ctx, "stored"), tree());
  });
}

type Reader = (
  store: import("../../plugin/storage.js").Storage,
  ctx: import("../../core/context.js").Context,
) => Promise<Tree>;

const READS: readonly [call: string, read: Reader][] = [
  ["get", (store, ctx) => store.get<Tree>(ctx, "key")],
  ["getOr", async (store, ctx) => (await store.getOr<Tree, null>(ctx, "key", null)) as Tree],
  ["getEntry", async (store, ctx) => (await store.getEntry<Tree>(ctx, "key"))?.value as Tree],
  ["getBatch", async (store, ctx) => (await store.getBatch<Tree>(ctx, ["key"])).get("key") as Tree],
  ["find", async (store, ctx) => (await store.find<Tree>(ctx, "*")).get("key") as Tree],
  ["scan", async (store, ctx) => (await collect(store.scan<Tree>(ctx)))[0]?.value as Tree],
  ["entries", async (store, ctx) => (await collect(store.entries<Tree>(ctx)))[0]?.value as Tree],
];

function frozenCases(list: StorageCaseList): void {
  list.it("shares a value that is frozen through and through", async ({ store, ctx }) => {
    await store.set(ctx, "key", { list: [{ n: 1 }] });
    const value = await store.get<{ list: { n: number }[] }>(ctx, "key");
    assert.ok(Object.isFrozen(value) && Object.isFrozen(value.list) && Object.isFrozen(value.list[0]));
    assert.equal(await store.get(ctx, "key"), value);
    assert.equal(await store.getOr(ctx, "key", undefined), value);
  });

  list.it("shares a frozen value that it loaded", async ({ store, ctx }) => {
    await store.set(ctx, "key", { n: 1 });
    await store.clearCache(ctx);
    const value = await store.get<object>(ctx, "key");
    assert.ok(Object.isFrozen(value));
    assert.equal(await store.get(ctx, "key"), value);
  });

  list.it("does not freeze what the caller passed in", async ({ store, ctx }) => {
    const value = { list: [{ n: 1 }] };
    await store.set(ctx, "key", value);
    assert.ok(!Object.isFrozen(value) && !Object.isFrozen(value.list));
  });

  list.it("hands out copies of what cannot be frozen", async ({ store, ctx }) => {
    await store.set(ctx, "key", { at: new Date(1), list: [1] });
    const value = await store.get<{ at: Date; list: number[] }>(ctx, "key");
    value.at.setTime(9);
    value.list.push(9);
    assert.deepEqual(await store.get(ctx, "key"), { at: new Date(1), list: [1] });
  });
}
