import assert from "node:assert/strict";
import type { Transaction } from "../../plugin/storage.js";
import { collect, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** Which commits of others make a transaction lose, and which do not. */
export function conflictCases(list: StorageCaseList): void {
  list.topic("conflicts", () => {
    for (const [read, act] of READS) {
      for (const [change, touch] of TOUCHES) conflictCase(list, read, act, change, touch);
    }
    for (const [read, act, change, touch] of HARMLESS) harmlessCase(list, read, act, change, touch);
    skewCases(list);
    readOnlyCases(list);
  });
}

type Read = (tx: Transaction) => Promise<unknown>;
type Touch = (rig: StorageRig) => Promise<unknown>;

/** Each of them looks at "m", which is there, or at the range around it. */
const READS: readonly [read: string, act: Read][] = [
  ["get", (tx) => tx.get("m")],
  ["getOr", (tx) => tx.getOr("m", 0)],
  ["exists", (tx) => tx.exists("m")],
  ["ttl", (tx) => tx.ttl("m")],
  ["getBatch", (tx) => tx.getBatch(["m"])],
  ["delete", (tx) => tx.delete("m")],
  ["deleteBatch", (tx) => tx.deleteBatch(["m"])],
  ["expire", (tx) => tx.expire("m", "1h")],
  ["persist", (tx) => tx.persist("m")],
  ["find", (tx) => tx.find("m*")],
  ["keys", (tx) => tx.keys("m*")],
  ["keys in reverse", (tx) => tx.keys("*", { reverse: true })],
  ["count", (tx) => tx.count("*")],
  ["scan", (tx) => collect(tx.scan("?"))],
  ["find of one key", (tx) => tx.find("m")],
];

const TOUCHES: readonly [change: string, touch: Touch][] = [
  ["set", ({ store, ctx }) => store.set(ctx, "m", "changed")],
  ["set to the same value", ({ store, ctx }) => store.set(ctx, "m", "stored")],
  ["deleted", ({ store, ctx }) => store.delete(ctx, "m")],
  [
    "deleted and set again",
    async ({ store, ctx }) => {
      await store.delete(ctx, "m");
      await store.set(ctx, "m", "stored");
    },
  ],
  ["given a ttl", ({ store, ctx }) => store.expire(ctx, "m", "2h")],
  ["changed by a transaction", ({ store, ctx }) => store.transact(ctx, (tx) => tx.set("m", "changed"))],
  ["cleared with its namespace", ({ store, ctx }) => store.clear(ctx)],
];

function conflictCase(list: StorageCaseList, read: string, act: Read, change: string, touch: Touch): void {
  list.it(`loses after ${read} when the key was ${change}`, async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "m", "stored");
    const tx = await store.beginTransaction(ctx);
    await act(tx);
    await tx.set("other", "own");
    await touch(rig);
    const before = await store.find(ctx, "*");
    const expected = { reason: "conflict", code: 5002, retryable: true, outcome: undefined } as const;
    await rejects(() => tx.commit(), { ...expected, operation: "transaction.commit" });
    assert.equal(tx.state, "aborted");
    assert.deepEqual(await store.find(ctx, "*"), before, "nothing of it was applied");
  });
}

const HARMLESS: readonly [read: string, act: Read, change: string, touch: Touch][] = [
  ["a blind set", (tx) => tx.set("m", "own"), "the key was set", ({ store, ctx }) => store.set(ctx, "m", 1)],
  [
    "a blind setBatch",
    (tx) => tx.setBatch({ m: 1 }),
    "the key was deleted",
    ({ store, ctx }) => store.delete(ctx, "m"),
  ],
  ["a get", (tx) => tx.get("m"), "another key was set", ({ store, ctx }) => store.set(ctx, "n", 1)],
  ["a find", (tx) => tx.find("m*"), "a key outside was set", ({ store, ctx }) => store.set(ctx, "n", 1)],
  [
    "a find up to a limit",
    (tx) => tx.find("*", { limit: 1 }),
    "a key behind the limit was set",
    ({ store, ctx }) => store.set(ctx, "z", 1),
  ],
  [
    "a find after a key",
    (tx) => tx.find("*", { after: "m" }),
    "a key before was set",
    ({ store, ctx }) => store.set(ctx, "a", 1),
  ],
  [
    "a find of nothing",
    (tx) => tx.find("*", { limit: 0 }),
    "a key was set",
    ({ store, ctx }) => store.set(ctx, "m", 1),
  ],
  [
    "a get",
    (tx) => tx.get("m"),
    "its namesake was set elsewhere",
    ({ store, ctx }) => store.namespace("n").set(ctx, "m", 1),
  ],
  [
    "a count",
    (tx) => tx.count(),
    "another namespace was cleared",
    ({ store, ctx }) => store.namespace("n").clear(ctx),
  ],
  [
    "a get",
    (tx) => tx.get("m"),
    "an absent key was deleted",
    ({ store, ctx }) => store.delete(ctx, "absent"),
  ],
  ["a get", (tx) => tx.get("m"), "the cache was cleared", ({ store, ctx }) => store.clearCache(ctx)],
  [
    "a read of an own write",
    async (tx) => {
      await tx.set("m", "own");
      await tx.get("m");
    },
    "the key was set",
    ({ store, ctx }) => store.set(ctx, "m", 1),
  ],
];

function harmlessCase(list: StorageCaseList, read: string, act: Read, change: string, touch: Touch): void {
  list.it(`commits after ${read} although ${change}`, async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "m", "stored");
    const tx = await store.beginTransaction(ctx);
    await act(tx);
    await tx.set("other", "own");
    await touch(rig);
    await tx.commit();
    assert.equal(await store.get(ctx, "other"), "own");
  });
}

const ABSENT: readonly [read: string, act: Read][] = [
  ["getOr", (tx) => tx.getOr("m", 0)],
  ["exists", (tx) => tx.exists("m")],
  ["ttl", (tx) => tx.ttl("m")],
  ["getBatch", (tx) => tx.getBatch(["m"])],
  ["delete", (tx) => tx.delete("m")],
  ["find", (tx) => tx.find("m")],
  ["keys", (tx) => tx.keys("*")],
  ["count", (tx) => tx.count("*")],
  ["expire", (tx) => tx.expire("m", 1)],
];

function skewCases(list: StorageCaseList): void {
  for (const [read, act] of ABSENT) {
    list.it(`loses when a key that ${read} found absent appeared`, async ({ store, ctx }) => {
      const tx = await store.beginTransaction(ctx);
      await act(tx);
      await tx.set("other", 1);
      await store.set(ctx, "m", 1);
      await rejects(() => tx.commit(), "conflict");
      assert.deepEqual(await store.keys(ctx), ["m"]);
    });
  }

  list.it("lets one of two commit that each read what the other writes", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    const [one, two] = [await store.beginTransaction(ctx), await store.beginTransaction(ctx)];
    await one.get("a");
    await two.get("b");
    await one.set("b", 0);
    await two.set("a", 0);
    const results = await Promise.allSettled([one.commit(), two.commit()]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await store.get<number>(ctx, "a")) + (await store.get<number>(ctx, "b")), 1);
  });

  list.it("lets one of two commit that each insert what the other looked for", async ({ store, ctx }) => {
    const [one, two] = [await store.beginTransaction(ctx), await store.beginTransaction(ctx)];
    if ((await one.count("job:*")) === 0) await one.set("job:1", "one");
    if ((await two.count("job:*")) === 0) await two.set("job:2", "two");
    const results = await Promise.allSettled([one.commit(), two.commit()]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(await store.count(ctx, "job:*"), 1);
  });

  list.it("lets many blind writers of one key all commit", async ({ store, ctx }) => {
    const open = await Promise.all(Array.from({ length: 20 }, () => store.beginTransaction(ctx)));
    await Promise.all(open.map((tx, i) => tx.set("m", i)));
    await Promise.all(open.map((tx) => tx.commit()));
    assert.equal(typeof (await store.get(ctx, "m")), "number");
  });

  list.it("names the range it lost over by its namespace", async ({ store, ctx }) => {
    const jobs = store.namespace("jobs");
    const tx = await jobs.beginTransaction(ctx);
    await tx.count();
    await tx.set("a", 1);
    await jobs.set(ctx, "b", 1);
    const error = await rejects(() => tx.commit(), { reason: "conflict", namespace: "jobs", key: undefined });
    assert.match(error.message, /"jobs"/);
  });
}

function readOnlyCases(list: StorageCaseList): void {
  list.it("refuses a read-only transaction that saw two states", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    const tx = await store.beginTransaction(ctx);
    await tx.get("a");
    await store.setBatch(ctx, { a: 2, b: 2 });
    await tx.get("b");
    await rejects(() => tx.commit(), { reason: "conflict", key: "a" });
  });

  list.it("commits a read-only transaction that saw one state", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    const tx = await store.beginTransaction(ctx);
    await tx.get("a");
    await tx.find("*");
    await tx.commit();
    assert.equal(tx.state, "committed");
  });

  list.it("refuses a read-only transaction over a range that changed", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.keys();
    await store.set(ctx, "a", 1);
    await rejects(() => tx.commit(), "conflict");
  });

  list.it("retries a read-only transact until it saw one state", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    let tries = 0;
    const seen = await store.transact(ctx, async (tx) => {
      tries += 1;
      const a = await tx.get("a");
      if (tries === 1) await store.setBatch(ctx, { a: 2, b: 2 });
      return [a, await tx.get("b")];
    });
    assert.deepEqual(seen, [2, 2]);
    assert.equal(tries, 2);
  });
}
