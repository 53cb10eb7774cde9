import assert from "node:assert/strict";
import { misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** Lists under one key. */
export function listStructureCases(list: StorageCaseList): void {
  list.topic("lists", () => {
    endCases(list);
    indexCases(list);
    removalCases(list);
    valueCases(list);
    transactionCases(list);
  });
}

function endCases(list: StorageCaseList): void {
  list.it("grow and shrink at both ends", async ({ store, ctx }) => {
    const messages = store.list<string>("messages");
    assert.equal(await messages.rpush(ctx, "m1", "m2", "m3"), 3);
    assert.equal(await messages.lpush(ctx, "m0"), 4);
    assert.deepEqual(await messages.lrange(ctx, 0, -1), ["m0", "m1", "m2", "m3"]);
    assert.equal(await messages.llen(ctx), 4);
    assert.equal(await messages.lpop(ctx), "m0");
    assert.equal(await messages.rpop(ctx), "m3");
    assert.deepEqual(await messages.lrange(ctx, 0, -1), ["m1", "m2"]);
  });

  list.it("push each value in turn", async ({ store, ctx }) => {
    const items = store.list<string>("items");
    assert.equal(await items.lpush(ctx, "a", "b", "c"), 3);
    assert.deepEqual(await items.lrange(ctx, 0, -1), ["c", "b", "a"]);
    assert.equal(await items.rpush(ctx), 3);
    assert.equal(await store.list("none").lpush(ctx), 0);
    assert.equal(await store.exists(ctx, "none"), false);
  });

  list.it("are gone when they are emptied, and begin anew", async ({ store, ctx, strong }) => {
    const items = store.list<number>("items");
    assert.equal(await items.lpop(ctx), undefined);
    assert.equal(await items.rpop(ctx), undefined);
    for (let round = 0; round < 2; round++) {
      await items.rpush(ctx, 1, 2);
      assert.deepEqual([await items.lpop(ctx), await items.rpop(ctx)], [1, 2]);
      for (const context of [ctx, strong]) {
        assert.equal(await store.exists(context, "items"), false);
        assert.deepEqual(await items.lrange(context, 0, -1), []);
        assert.equal(await items.llen(context), 0);
      }
    }
    assert.deepEqual(await store.listNamespaces(ctx), []);
  });

  list.it("lose the time to live with their last item", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 1);
    await store.expire(ctx, "items", "1h");
    await items.lpop(ctx);
    await items.rpush(ctx, 2);
    assert.equal(await store.ttl(ctx, "items"), -1);
  });
}

function indexCases(list: StorageCaseList): void {
  list.it("give ranges that include their end, clipped", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 2, 3, 4);
    await items.lpush(ctx, 1, 0);
    const expected: [start: number, end: number, given: number[]][] = [
      [0, 1, [0, 1]],
      [-2, -1, [3, 4]],
      [0, -1, [0, 1, 2, 3, 4]],
      [-100, 100, [0, 1, 2, 3, 4]],
      [2, 2, [2]],
      [3, 1, []],
      [5, 9, []],
      [-100, -99, []],
      [-1, 0, []],
      [-3, 3, [2, 3]],
    ];
    for (const [start, end, given] of expected) {
      assert.deepEqual(await items.lrange(ctx, start, end), given, `${start} to ${end}`);
    }
  });

  list.it("answer and replace single items", async ({ store, ctx }) => {
    const items = store.list<string>("items");
    await items.rpush(ctx, "a", "b", "c");
    assert.equal(await items.lindex(ctx, 0), "a");
    assert.equal(await items.lindex(ctx, -1), "c");
    assert.equal(await items.lindex(ctx, 3), undefined);
    assert.equal(await items.lindex(ctx, -4), undefined);
    assert.equal(await items.lset(ctx, 1, "B"), true);
    assert.equal(await items.lset(ctx, -1, "C"), true);
    assert.equal(await items.lset(ctx, 3, "D"), false);
    assert.equal(await items.lset(ctx, -4, "D"), false);
    assert.deepEqual(await items.lrange(ctx, 0, -1), ["a", "B", "C"]);
    assert.equal(await store.list("none").lset(ctx, 0, 1), false);
    assert.equal(await store.list("none").lindex(ctx, 0), undefined);
    assert.deepEqual(await store.keys(ctx), ["items"]);
  });

  list.it("take whole numbers for indexes", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 1);
    for (const index of [0.5, Number.NaN, Infinity, "0"] as number[]) {
      await misuses(() => items.lindex(ctx, index), /must be a whole number/);
      await misuses(() => items.lrange(ctx, 0, index), /must be a whole number/);
      await misuses(() => items.ltrim(ctx, index, 1), /must be a whole number/);
      await misuses(() => items.lrem(ctx, index, 1), /must be a whole number/);
    }
    assert.deepEqual(await items.lrange(ctx, 0, -1), [1]);
  });
}

function removalCases(list: StorageCaseList): void {
  list.it("remove equal items from either end", async ({ store, ctx }) => {
    const cases: [count: number, removed: number, left: number[]][] = [
      [2, 2, [2, 3, 1]],
      [-2, 2, [1, 2, 3]],
      [0, 3, [2, 3]],
      [1, 1, [2, 1, 3, 1]],
      [-1, 1, [1, 2, 1, 3]],
      [99, 3, [2, 3]],
    ];
    for (const [count, removed, left] of cases) {
      const items = store.list<number>(`items ${count}`);
      await items.rpush(ctx, 1, 2, 1, 3, 1);
      assert.equal(await items.lrem(ctx, count, 1), removed);
      assert.deepEqual(await items.lrange(ctx, 0, -1), left, `count ${count}`);
      assert.equal(await items.rpush(ctx, 9), left.length + 1);
      assert.equal(await items.lpush(ctx, 8), left.length + 2);
      assert.deepEqual(await items.lrange(ctx, 0, -1), [8, ...left, 9]);
    }
  });

  list.it("close the gaps from whichever side", async ({ store, ctx }) => {
    const gaps = [[3], [6], [1, 4], [5, 8], [0, 9], [2, 3, 4, 5, 6, 7]];
    for (const [place, gap] of gaps.entries()) {
      const items = store.list<number>(`items ${place}`);
      const numbers = Array.from({ length: 10 }, (_, i) => (gap.includes(i) ? -1 : i));
      await items.rpush(ctx, ...numbers);
      assert.equal(await items.lrem(ctx, 0, -1), gap.length);
      const left = numbers.filter((number) => number >= 0);
      assert.deepEqual(await items.lrange(ctx, 0, -1), left);
    }
  });

  list.it("remove what is equal as it is stored, through and through", async ({ store, ctx }) => {
    const items = store.list("items");
    const values = [1, "1", true, { a: [1], b: new Date(5) }, null, new Set([1]), { a: 1 }];
    await items.rpush(ctx, ...values);
    assert.equal(await items.lrem(ctx, 0, true), 1);
    assert.equal(await items.lrem(ctx, 0, { b: new Date(5), a: [1] }), 1);
    assert.equal(await items.lrem(ctx, 0, new Set([1])), 1);
    assert.equal(await items.lrem(ctx, 0, { a: "1" }), 0);
    assert.equal(await items.lrem(ctx, 0, false), 0);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [1, "1", null, { a: 1 }]);
    assert.equal(await store.list("none").lrem(ctx, 0, 1), 0);
  });

  list.it("trim to a range, and to nothing", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 0, 1, 2, 3, 4, 5);
    await items.ltrim(ctx, 1, -2);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [1, 2, 3, 4]);
    await items.ltrim(ctx, -100, 100);
    await items.ltrim(ctx, 0, 1);
    await items.ltrim(ctx, -1, -1);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [2]);
    await items.rpush(ctx, 7, 8);
    await items.lpush(ctx, 6);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [6, 2, 7, 8]);
    await items.ltrim(ctx, 3, 1);
    assert.equal(await store.exists(ctx, "items"), false);
    await store.list("none").ltrim(ctx, 0, 1);
    assert.equal(await store.exists(ctx, "none"), false);
  });

  list.it("work on lists of some pages", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    const numbers = Array.from({ length: 3000 }, (_, i) => i);
    await items.rpush(ctx, ...numbers.slice(0, 1500));
    await items.rpush(ctx, ...numbers.slice(1500));
    assert.deepEqual(await items.lrange(ctx, 0, -1), numbers);
    assert.equal(await items.lindex(ctx, 2500), 2500);
    assert.equal(await items.lrem(ctx, 0, 2998), 1);
    assert.equal(await items.lrem(ctx, 0, 1), 1);
    await items.ltrim(ctx, 1, 2000);
    assert.deepEqual(await items.lrange(ctx, 0, -1), numbers.slice(2, 2002));
    await store.delete(ctx, "items");
  });
}

function valueCases(list: StorageCaseList): void {
  list.it("hold every kind of value", async ({ store, ctx, strong }) => {
    const values = [
      { deep: [1, { at: new Date(1000) }] },
      new Uint8Array([1, 2, 3]),
      new Map([["a", new Set([1])]]),
      null,
      -0,
      Number.NaN,
      10n ** 30n,
      "\u{1f600}",
      { $date: 1 },
    ];
    await store.list("items").rpush(ctx, ...values);
    assert.deepEqual(await store.list("items").lrange(ctx, 0, -1), values);
    assert.deepEqual(await store.list("items").lrange(strong, 0, -1), values);
    assert.ok(Object.is(await store.list("items").lindex(ctx, 4), -0));
  });

  list.it("keep values as they were at the call, and hand out private copies", async ({ store, ctx }) => {
    const items = store.list<{ n: number }>("items");
    const value = { n: 1 };
    const pushed = items.rpush(ctx, value);
    value.n = 2;
    await pushed;
    const handedOut = await items.lindex(ctx, 0);
    assert.ok(handedOut !== undefined);
    assert.equal(handedOut.n, 1);
    handedOut.n = 3;
    assert.deepEqual(await items.lrange(ctx, 0, -1), [{ n: 1 }]);
  });

  list.it("take all values of a call or none", async ({ store, ctx }) => {
    const items = store.list("items");
    await items.rpush(ctx, 1);
    const expected = { reason: "unserializable", code: 5002, key: "items" } as const;
    await rejects(() => items.rpush(ctx, 2, () => 3), { ...expected, operation: "list.rpush" });
    await rejects(() => items.lpush(ctx, 2, undefined), expected);
    await rejects(() => items.lset(ctx, 0, Symbol("no")), expected);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [1]);
  });
}

function transactionCases(list: StorageCaseList): void {
  list.it("are seen by their transaction as it changes them, and by others once it commits", async (rig) => {
    const { store, ctx } = rig;
    const items = store.list<number>("items");
    await items.rpush(ctx, 1, 2, 3, 2);
    await store.transact(ctx, async (tx) => {
      const own = tx.list<number>("items");
      assert.equal(await own.rpush(4, 5), 6);
      assert.equal(await own.lpush(0), 7);
      assert.equal(await own.lrem(-1, 2), 1);
      assert.equal(await own.lset(1, 10), true);
      assert.deepEqual(await own.lrange(0, -1), [0, 10, 2, 3, 4, 5]);
      assert.equal(await own.lpop(), 0);
      assert.equal(await own.rpop(), 5);
      assert.equal(await own.lindex(-1), 4);
      await own.ltrim(1, -1);
      assert.equal(await own.llen(), 3);
      assert.deepEqual(await items.lrange(ctx, 0, -1), [1, 2, 3, 2]);
    });
    assert.deepEqual(await items.lrange(ctx, 0, -1), [2, 3, 4]);
  });

  list.it("go back with a transaction that is rolled back", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 1);
    const tx = await store.beginTransaction(ctx);
    await tx.list("items").rpush(2);
    await tx.list("other").rpush(2);
    await tx.rollback();
    assert.deepEqual(await items.lrange(ctx, 0, -1), [1]);
    assert.deepEqual(await store.keys(ctx), ["items"]);
  });

  list.it("are changed in the order of the calls, awaited or not", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await store.transact(ctx, async (tx) => {
      const own = tx.list<number>("items");
      const calls = [own.rpush(1), own.rpush(2), own.lpop(), own.lpush(3), own.lrange(0, -1), own.rpush(4)];
      assert.deepEqual(await Promise.all(calls), [1, 2, 1, 2, [3, 2], 3]);
    });
    await Promise.all([items.rpush(ctx, 5), items.lpop(ctx), items.rpush(ctx, 6), items.lpop(ctx)]);
    assert.deepEqual(await items.lrange(ctx, 0, -1), [4, 5, 6]);
  });

  list.it("of one transaction conflict with what others change meanwhile", async ({ store, ctx }) => {
    const items = store.list<number>("items");
    await items.rpush(ctx, 1, 2);
    const tx = await store.beginTransaction(ctx);
    assert.equal(await tx.list("items").llen(), 2);
    await items.lset(ctx, 0, 9);
    await rejects(() => tx.list("items").lindex(0), { reason: "conflict", retryable: true });
    await tx.set("seen", true);
    await rejects(() => tx.commit(), "conflict");
    let runs = 0;
    const sum = await store.transact(ctx, async (again) => {
      runs += 1;
      const [first] = await again.list<number>("items").lrange(0, 0);
      if (runs === 1) await items.lset(ctx, 0, 10);
      await again.set("sum", first);
      return first;
    });
    assert.deepEqual([sum, runs], [10, 2]);
  });
}
