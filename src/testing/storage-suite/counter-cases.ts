import assert from "node:assert/strict";
import { withCancel } from "../../core/context.js";
import { misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** Numbers that are changed without a race. */
export function counterCases(list: StorageCaseList): void {
  list.topic("counters", () => {
    countingCases(list);
    refusalCases(list);
    concurrencyCases(list);
  });
}

function countingCases(list: StorageCaseList): void {
  list.it("count up and down, from what was set", async ({ store, ctx, strong }) => {
    const counter = store.counter("counter");
    await store.set(ctx, "counter", 0);
    assert.equal(await counter.incr(ctx), 1);
    assert.equal(await counter.incr(ctx, 5), 6);
    assert.equal(await counter.decr(ctx), 5);
    assert.equal(await counter.decr(ctx, 3), 2);
    assert.equal(await counter.get(ctx), 2);
    assert.equal(await counter.get(strong), 2);
    assert.equal(await store.get(ctx, "counter"), 2);
    assert.equal(await store.type(ctx, "counter"), "value");
  });

  list.it("begin at 0, and are made by the first change alone", async ({ store, ctx }) => {
    const counter = store.counter("counter");
    assert.equal(await counter.get(ctx), 0);
    assert.equal(await store.exists(ctx, "counter"), false);
    assert.equal(await counter.decr(ctx, 2), -2);
    assert.deepEqual(await store.keys(ctx), ["counter"]);
  });

  list.it("add as numbers do", async ({ store, ctx }) => {
    const counter = store.counter("counter");
    await counter.incr(ctx, 0.1);
    assert.equal(await counter.incr(ctx, 0.2), 0.1 + 0.2);
    await store.set(ctx, "counter", Number.MAX_SAFE_INTEGER);
    assert.equal(await counter.incr(ctx, 2), Number.MAX_SAFE_INTEGER + 2);
    await store.set(ctx, "counter", Infinity);
    assert.equal(await counter.decr(ctx), Infinity);
  });

  list.it("keep the time to live", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "counter", 1, "1m");
    await rig.pass(1000);
    assert.equal(await store.counter("counter").incr(ctx), 2);
    rig.sameTtl(await store.ttl(ctx, "counter"), rig.isRealTime ? 60_000 : 59_000);
    await store.persist(ctx, "counter");
    await store.counter("counter").incr(ctx);
    assert.equal(await store.ttl(ctx, "counter"), -1);
  });

  list.it("are separate by namespace, and part of transactions", async ({ store, ctx }) => {
    const other = store.namespace("other");
    await other.counter("counter").incr(ctx, 7);
    await store.transact(ctx, async (tx) => {
      assert.equal(await tx.counter("counter").incr(), 1);
      assert.equal(await tx.counter("counter").decr(3), -2);
      assert.equal(await tx.counter("counter").get(), -2);
      await tx.set("set", 10);
      assert.equal(await tx.counter("set").incr(), 11);
      assert.equal(await store.counter("counter").get(ctx), 0);
    });
    assert.deepEqual(
      await store.getBatch(ctx, ["counter", "set"]),
      new Map([
        ["counter", -2],
        ["set", 11],
      ]),
    );
    assert.equal(await other.counter("counter").get(ctx), 7);
  });
}

function refusalCases(list: StorageCaseList): void {
  list.it("refuse what is no number, and leave it", async ({ store, ctx }) => {
    for (const value of ["1", null, true, 1n, [1], { n: 1 }]) {
      await store.set(ctx, "text", value);
      const expected = { reason: "wrong-type", code: 5002, key: "text", retryable: false } as const;
      const refused = { ...expected, operation: "counter.incr" };
      const { message } = await rejects(() => store.counter("text").incr(ctx), refused);
      assert.match(message, /the key does not hold a number; use another key, or set a number there first$/);
      await rejects(() => store.counter("text").get(ctx), { reason: "wrong-type", code: 5001 });
      assert.deepEqual(await store.get(ctx, "text"), value);
    }
    await store.list("list").rpush(ctx, 1);
    await rejects(() => store.counter("list").incr(ctx), "wrong-type");
    assert.equal(await store.type(ctx, "list"), "list");
  });

  list.it("refuse to change by what is no finite number", async ({ store, ctx }) => {
    const counter = store.counter("counter");
    for (const by of [Number.NaN, Infinity, -Infinity]) {
      const expected = { reason: "invalid-value", code: 5002 } as const;
      await rejects(() => counter.incr(ctx, by), expected);
      await rejects(() => counter.decr(ctx, by), expected);
    }
    await misuses(() => counter.incr(ctx, "1" as never), /by a number, not by a string/);
    assert.equal(await store.exists(ctx, "counter"), false);
  });
}

function concurrencyCases(list: StorageCaseList): void {
  list.it("count every one of concurrent changes, each with its own result", async ({ store, ctx }) => {
    const counter = store.counter("counter");
    const sums = await Promise.all(Array.from({ length: 100 }, () => counter.incr(ctx)));
    assert.deepEqual(
      sums,
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.equal(await counter.get(ctx), 100);
  });

  list.it("give each of the changes made together its own result or its own error", async (rig) => {
    const { store, ctx, faults } = rig;
    const counter = store.counter("key");
    const held = faults.hold("commit", "before");
    const first = counter.incr(ctx);
    await held.reached;
    const refused = { reason: "wrong-type", code: 5002, key: "key" } as const;
    const calls = [
      counter.incr(ctx),
      rejects(() => store.hash("key").hset(ctx, "a", 1), { ...refused, operation: "hash.hset" }),
      counter.incr(ctx, 10),
      rejects(() => store.list("key").rpush(ctx, 1), { ...refused, operation: "list.rpush" }),
      counter.decr(ctx),
    ];
    held.release();
    assert.equal(await first, 1);
    const [one, , two, , three] = await Promise.all(calls);
    assert.deepEqual([one, two, three], [2, 12, 11]);
  });

  list.it("carry out nothing of a call whose context ends while it waits", async (rig) => {
    const { store, ctx, faults } = rig;
    const counter = store.counter("counter");
    const held = faults.hold("commit", "before");
    const first = counter.incr(ctx);
    await held.reached;
    const [own, cancel] = withCancel(ctx);
    const waiting = rejects(() => counter.incr(own, 10), { reason: "cancelled", outcome: undefined });
    const last = counter.incr(ctx, 100);
    cancel();
    await waiting;
    held.release();
    assert.equal(await first, 1);
    assert.equal(await last, 101);
  });

  list.it(
    "say that the outcome is unknown of a call whose context ends while it is committed",
    async (rig) => {
      const { store, ctx, faults } = rig;
      const counter = store.counter("counter");
      const before = faults.hold("commit", "before");
      const first = counter.incr(ctx);
      await before.reached;
      const [own, cancel] = withCancel(ctx);
      const waiting = rejects(() => counter.incr(own, 10), { reason: "cancelled", outcome: "unknown" });
      const last = counter.incr(ctx, 100);
      const held = faults.hold("commit", "before");
      before.release();
      await held.reached;
      cancel();
      await waiting;
      held.release();
      assert.deepEqual([await first, await last], [1, 111]);
    },
  );
}
