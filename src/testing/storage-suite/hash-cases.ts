import assert from "node:assert/strict";
import { misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** Hashes under one key. */
export function hashCases(list: StorageCaseList): void {
  list.topic("hashes", () => {
    fieldCases(list);
    countingCases(list);
    argumentCases(list);
    transactionCases(list);
  });
}

function fieldCases(list: StorageCaseList): void {
  list.it("set, give and remove fields", async ({ store, ctx, strong }) => {
    const user = store.hash("user:1");
    assert.equal(await user.hset(ctx, "name", "Alice"), 1);
    assert.equal(await user.hset(ctx, "age", 30), 1);
    assert.equal(await user.hset(ctx, "email", "alice@example.com"), 1);
    assert.equal(await user.hget(ctx, "name"), "Alice");
    assert.equal(await user.hget(ctx, "nonexistent"), undefined);
    assert.equal(await user.hget(ctx, "nonexistent", "Unknown"), "Unknown");
    const expected = new Map<string, unknown>([
      ["name", "Alice"],
      ["age", 30],
      ["email", "alice@example.com"],
    ]);
    for (const context of [ctx, strong]) {
      assert.deepEqual([...(await user.hgetall(context))], [...expected]);
      assert.deepEqual(await user.hkeys(context), ["name", "age", "email"]);
      assert.deepEqual(await user.hvals(context), ["Alice", 30, "alice@example.com"]);
      assert.equal(await user.hlen(context), 3);
      assert.equal(await user.hexists(context, "email"), true);
    }
    assert.equal(await user.hdel(ctx, "email"), 1);
    assert.equal(await user.hexists(ctx, "email"), false);
    assert.equal(await user.hdel(ctx, "field1", "age", "age"), 1);
    assert.deepEqual(await user.hkeys(ctx), ["name"]);
  });

  list.it("keep the order in which fields were first set", async ({ store, ctx }) => {
    const hash = store.hash<number>("hash");
    await hash.hset(ctx, { z: 1, "10": 2, a: 3, "9": 4 });
    const order = Object.keys({ z: 1, "10": 2, a: 3, "9": 4 });
    assert.deepEqual(await hash.hkeys(ctx), order);
    assert.equal(await hash.hset(ctx, "a", 30), 0);
    assert.deepEqual(await hash.hkeys(ctx), order);
    await hash.hdel(ctx, "z");
    await hash.hset(ctx, "z", 5);
    assert.deepEqual(await hash.hkeys(ctx), [...order.filter((field) => field !== "z"), "z"]);
  });

  list.it("set many fields at once, all or none", async ({ store, ctx }) => {
    const hash = store.hash("hash");
    const fields = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    assert.equal(await hash.hset(ctx, fields), 2);
    assert.equal(await hash.hset(ctx, { b: 3, c: 4 }), 1);
    assert.equal(await hash.hset(ctx, {}), 0);
    await rejects(() => hash.hset(ctx, { d: 1, e: () => 1 }), "unserializable");
    await rejects(() => hash.hset(ctx, { d: 1, "": 1 }), "invalid-key");
    assert.deepEqual(Object.fromEntries(await hash.hgetall(ctx)), { a: 1, b: 3, c: 4 });
    assert.equal(await store.hash("none").hset(ctx, new Map()), 0);
    assert.equal(await store.exists(ctx, "none"), false);
  });

  list.it("are gone without their last field, and begin anew", async ({ store, ctx, strong }) => {
    const hash = store.hash("hash");
    assert.equal(await hash.hdel(ctx, "a"), 0);
    for (let round = 0; round < 2; round++) {
      await hash.hset(ctx, { a: 1, b: 2 });
      assert.equal(await hash.hdel(ctx, "a", "b"), 2);
      for (const context of [ctx, strong]) {
        assert.equal(await store.exists(context, "hash"), false);
        assert.deepEqual(await hash.hgetall(context), new Map());
        assert.equal(await hash.hlen(context), 0);
        assert.equal(await hash.hget(context, "a", "none"), "none");
      }
    }
  });

  list.it("hold every kind of value, as it was at the call, and hand out private copies", async (rig) => {
    const { store, ctx } = rig;
    const hash = store.hash("hash");
    const values = { at: new Date(5), bytes: new Uint8Array([1]), big: 5n, none: null, like: { $set: [1] } };
    await hash.hset(ctx, values);
    assert.deepEqual(Object.fromEntries(await hash.hgetall(ctx)), values);
    const value = { n: 1 };
    const set = hash.hset(ctx, "object", value);
    value.n = 2;
    await set;
    const handedOut = (await hash.hget(ctx, "object")) as { n: number };
    assert.deepEqual(handedOut, { n: 1 });
    handedOut.n = 3;
    assert.deepEqual(await hash.hget(ctx, "object"), { n: 1 });
  });

  list.it("tell null from nothing", async ({ store, ctx }) => {
    const hash = store.hash("hash");
    await hash.hset(ctx, "none", null);
    assert.equal(await hash.hget(ctx, "none", "fallback"), null);
    assert.equal(await hash.hexists(ctx, "none"), true);
    await rejects(() => hash.hset(ctx, "none", undefined), "unserializable");
  });

  list.it("take many fields", async ({ store, ctx }) => {
    const hash = store.hash<number>("hash");
    const fields = new Map(Array.from({ length: 1200 }, (_, i) => [`field ${i * 7919}`, i] as const));
    await hash.hset(ctx, fields);
    assert.deepEqual([...(await hash.hgetall(ctx))], [...fields]);
    await store.delete(ctx, "hash");
  });
}

function countingCases(list: StorageCaseList): void {
  list.it("count in a field", async ({ store, ctx }) => {
    const hash = store.hash("hash");
    assert.equal(await hash.hincrby(ctx, "n"), 1);
    assert.equal(await hash.hincrby(ctx, "n", 4), 5);
    assert.equal(await hash.hincrby(ctx, "n", -0.5), 4.5);
    assert.deepEqual(await hash.hgetall(ctx), new Map([["n", 4.5]]));
    await hash.hset(ctx, "text", "1");
    const refused = await rejects(() => hash.hincrby(ctx, "text"), {
      reason: "wrong-type",
      code: 5002,
      key: "hash",
    });
    assert.match(refused.message, /the field "text" does not hold a number; use another field/);
    await rejects(() => hash.hincrby(ctx, "n", Number.NaN), "invalid-value");
    assert.deepEqual(await hash.hvals(ctx), [4.5, "1"]);
  });

  list.it("count every one of concurrent changes", async ({ store, ctx }) => {
    const hash = store.hash<number>("hash");
    const calls = Array.from({ length: 60 }, (_, i) => hash.hincrby(ctx, `n${i % 3}`));
    await Promise.all(calls);
    assert.deepEqual(await hash.hvals(ctx), [20, 20, 20]);
    const set = Array.from({ length: 20 }, (_, i) => hash.hset(ctx, `f${i}`, i));
    assert.deepEqual(
      await Promise.all(set),
      Array.from({ length: 20 }, () => 1),
    );
    assert.equal(await hash.hlen(ctx), 23);
  });
}

function argumentCases(list: StorageCaseList): void {
  list.it("take any text of 1 to 512 bytes for a field", async ({ store, ctx }) => {
    const hash = store.hash<number>("k".repeat(1024));
    const fields = [
      "__proto__",
      "constructor",
      "a/b",
      "../x",
      " ",
      "\u{1f600}",
      "é".repeat(256),
      "f".repeat(512),
    ];
    await hash.hset(ctx, new Map(fields.map((field, i) => [field, i])));
    assert.deepEqual(await hash.hkeys(ctx), fields);
    assert.equal(await hash.hget(ctx, "__proto__"), 0);
    for (const field of ["", "\0", "f".repeat(513), "\ud800"]) {
      await rejects(() => hash.hset(ctx, field, 1), { reason: "invalid-key", code: 5002 });
      await rejects(() => hash.hget(ctx, field), { reason: "invalid-key", code: 5001 });
      await rejects(() => hash.hdel(ctx, "a", field), "invalid-key");
    }
    const long = "f".repeat(513);
    const { message: tooLong } = await rejects(() => hash.hset(ctx, { a: 1, [long]: 2 }), "invalid-key");
    assert.match(tooLong, /the field "f{64}"… must be at most 512 bytes of UTF-8, not 513/);
    const { message: within } = await rejects(
      () => hash.hset(ctx, { a: 1, b: { c: () => 2 } as never }),
      "unserializable",
    );
    assert.match(within, /the field "b": at \.c: a function cannot be stored/);
    const { message: alone } = await rejects(() => hash.hset(ctx, "b", (() => 2) as never), "unserializable");
    assert.match(alone, /the field "b": a function cannot be stored/);
    assert.equal(await hash.hlen(ctx), fields.length);
    await misuses(() => hash.hget(ctx, 1 as never), /a field must be a string, not number/);
    await misuses(() => hash.hset(ctx, new Set(["a"]) as never), /an object or a Map/);
    await misuses(() => hash.hset(ctx, null as never), /an object or a Map/);
  });

  list.it("take several fields as an object or a Map alone, and leave none out", async ({ store, ctx }) => {
    const hash = store.hash<number>("hash");
    // As Redis takes them.
    const several = ["a", 1, "b", 2] as unknown as [string, number];
    const mixed = [{ a: 1 }, 2] as unknown as [string, number];
    const message = /give several as an object or a Map/;
    for (const args of [several, mixed]) {
      await misuses(() => hash.hset(ctx, ...args), message);
      await misuses(() => store.transact(ctx, (tx) => tx.hash<number>("hash").hset(...args)), message);
    }
    assert.equal(await hash.hlen(ctx), 0);
  });
}

function transactionCases(list: StorageCaseList): void {
  list.it("are seen by their transaction as it changes them", async ({ store, ctx }) => {
    const hash = store.hash<number>("hash");
    await hash.hset(ctx, { a: 1, b: 2 });
    await store.transact(ctx, async (tx) => {
      const own = tx.hash<number>("hash");
      assert.equal(await own.hset("c", 3), 1);
      assert.equal(await own.hset({ a: 10, d: 4 }), 1);
      assert.equal(await own.hdel("b"), 1);
      assert.equal(await own.hincrby("c", 5), 8);
      assert.equal(await own.hget("b", 0), 0);
      assert.equal(await own.hexists("d"), true);
      assert.equal(await own.hlen(), 3);
      assert.deepEqual(await own.hkeys(), ["a", "c", "d"]);
      assert.deepEqual(await own.hvals(), [10, 8, 4]);
      assert.deepEqual(await hash.hkeys(ctx), ["a", "b"]);
    });
    assert.deepEqual(Object.fromEntries(await hash.hgetall(ctx)), { a: 10, c: 8, d: 4 });
  });
}
