import assert from "node:assert/strict";
import type { Duration } from "../../core/duration.js";
import type { StorageCaseList } from "./storage-case-list.js";
import { collect, rejects } from "./storage-assertions.js";

const DAY_MS = 86_400_000;

/** Time to live: what counts as one, when it ends, what clears it. */
export function ttlCases(list: StorageCaseList): void {
  list.topic("ttl", () => {
    for (const [ttl, ms] of ACCEPTED) acceptedCase(list, ttl, ms);
    for (const ttl of REFUSED) refusedCase(list, ttl);
    expiryCases(list);
    if (list.harness.time !== "real") exactCases(list);
    expireCases(list);
    transactionCases(list);
  });
}

const ACCEPTED: readonly [ttl: Duration, ms: number][] = [
  [1, 1],
  [1500, 1500],
  [0.5, 1],
  ["1ms", 1],
  ["250ms", 250],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["7d", 7 * DAY_MS],
  ["1d2h3m4s5ms", DAY_MS + 2 * 3_600_000 + 3 * 60_000 + 4005],
  [365 * DAY_MS, 365 * DAY_MS],
];

function acceptedCase(list: StorageCaseList, ttl: Duration, ms: number): void {
  // On a real clock it would be over before it is asked for.
  if (list.harness.time === "real" && ms < 10_000) return;
  list.it(`takes ${JSON.stringify(ttl)} for ${ms} ms`, async (rig) => {
    const { store, ctx, strong } = rig;
    await store.set(ctx, "a", 1, ttl);
    rig.sameTtl(await store.ttl(ctx, "a"), ms);
    rig.sameTtl(await store.ttl(strong, "a"), ms);
    await store.set(ctx, "b", 1);
    assert.equal(await store.expire(ctx, "b", ttl), true);
    rig.sameTtl(await store.ttl(ctx, "b"), ms);
  });
}

const REFUSED: readonly unknown[] = [
  -1,
  Number.NaN,
  Infinity,
  -Infinity,
  1e300,
  true,
  false,
  null,
  "",
  "abc",
  "5",
  "-5m",
  "5 m",
  "5M",
  "1m1h",
  "1h1h",
  {},
  [5],
  5n,
];

function refusedCase(list: StorageCaseList, ttl: unknown): void {
  const shown =
    typeof ttl === "bigint" ? `${ttl}n` : typeof ttl === "number" ? String(ttl) : JSON.stringify(ttl);
  list.it(`refuses ${shown} as a ttl before anything is written`, async ({ store, ctx }) => {
    const wrong = ttl as Duration;
    await store.set(ctx, "a", "earlier", "1h");
    const before = await store.getEntry(ctx, "a");
    const expected = { reason: "invalid-ttl", code: 5002, retryable: false } as const;
    await rejects(() => store.set(ctx, "a", 1, wrong), { ...expected, operation: "set", key: "a" });
    await rejects(() => store.setBatch(ctx, { a: 1, b: 2 }, wrong), { ...expected, operation: "setBatch" });
    await rejects(() => store.expire(ctx, "a", wrong), { ...expected, operation: "expire", key: "a" });
    await store.transact(ctx, async (tx) => {
      await rejects(() => tx.set("a", 1, wrong), { ...expected, operation: "transaction.set" });
      await rejects(() => tx.setBatch({ a: 1 }, wrong), { ...expected, operation: "transaction.setBatch" });
      await rejects(() => tx.expire("a", wrong), { ...expected, operation: "transaction.expire" });
    });
    assert.deepEqual(await store.getEntry(ctx, "a"), before);
    assert.equal(await store.exists(ctx, "b"), false);
  });
}

function expiryCases(list: StorageCaseList): void {
  list.it("is there until the last millisecond and gone at the deadline, for every read", async (rig) => {
    const { store, ctx, strong } = rig;
    await store.set(ctx, "a", 1, 1000);
    await store.set(ctx, "b", 1);
    if (!rig.isRealTime) await rig.pass(999);
    for (const context of [ctx, strong]) {
      assert.equal(await store.get(context, "a"), 1);
      rig.sameTtl(await store.ttl(context, "a"), rig.isRealTime ? 1000 : 1);
    }
    assert.deepEqual(await store.keys(ctx), ["a", "b"]);
    await rig.passEverywhere(rig.isRealTime ? 1000 : 1);
    for (const context of [ctx, strong]) {
      await rejects(() => store.get(context, "a"), { reason: "absent", code: 5004 });
      assert.equal(await store.getOr(context, "a", "gone"), "gone");
      assert.equal(await store.getEntry(context, "a"), undefined);
      assert.equal(await store.exists(context, "a"), false);
      assert.equal(await store.ttl(context, "a"), -2);
      assert.equal(await store.type(context, "a"), undefined);
      assert.deepEqual([...(await store.getBatch(context, ["a", "b"])).keys()], ["b"]);
    }
    assert.deepEqual(await store.keys(ctx), ["b"]);
    assert.equal(await store.count(ctx), 1);
    assert.equal(await store.size(ctx), 1);
    assert.deepEqual([...(await store.find(ctx, "*")).keys()], ["b"]);
    assert.equal((await collect(store.scan(ctx))).length, 1);
  });

  list.it("answers -1 without expiry and -2 for an absent key", async ({ store, ctx, strong }) => {
    await store.set(ctx, "a", 1);
    assert.equal(await store.ttl(ctx, "a"), -1);
    assert.equal(await store.ttl(strong, "a"), -1);
    assert.equal(await store.ttl(ctx, "absent"), -2);
  });

  for (const none of [undefined, 0, "0s", "0ms"]) {
    list.it(`takes ${JSON.stringify(none) ?? "no ttl"} for no expiry, clearing an older one`, async (rig) => {
      const { store, ctx } = rig;
      await store.set(ctx, "a", 1, 1000);
      await store.set(ctx, "a", 2, ...(none === undefined ? [] : [none]));
      assert.equal(await store.ttl(ctx, "a"), -1);
      assert.equal(await store.ttl(rig.strong, "a"), -1);
      await rig.pass(5000);
      assert.equal(await store.get(ctx, "a"), 2);
    });
  }

  list.it("gives all keys of a batch the ttl", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 2 }, "1s");
    rig.sameTtl(await store.ttl(ctx, "a"), 1000);
    await rig.passEverywhere(1000);
    assert.equal(await store.size(ctx), 0);
  });

  list.it("counts an expired key as absent when it is deleted or written over", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 1, c: 1 }, 10);
    await store.set(ctx, "d", 1);
    await rig.passEverywhere(10);
    assert.equal(await store.delete(ctx, "a"), false);
    assert.equal(await store.deleteBatch(ctx, ["b", "d"]), 1);
    await store.set(ctx, "c", 2);
    assert.equal(await store.get(ctx, "c"), 2);
    assert.equal(await store.clear(ctx), 1);
  });
}

/** To the millisecond, on a clock that stands still. */
function exactCases(list: StorageCaseList): void {
  list.it("never reports 0 for a live key", async (rig) => {
    await rig.store.set(rig.ctx, "a", 1, 10);
    await rig.pass(9.7);
    assert.equal(await rig.store.ttl(rig.ctx, "a"), 1);
    assert.equal(await rig.store.ttl(rig.strong, "a"), 1);
  });

  list.it(
    "tells the deadline with an entry, on the backend's clock",
    async ({ store, ctx, strong, runtime }) => {
      const before = runtime.clock.wall();
      await store.set(ctx, "a", 1, "1m");
      const entry = await store.getEntry(ctx, "a");
      assert.equal(entry?.expiresAt, before + 60_000);
      assert.deepEqual(await store.getEntry(strong, "a"), entry);
      assert.deepEqual(await collect(store.scan(ctx)), [entry]);
    },
  );

  list.it("is not moved by a step of the machine's clock", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1, 1000);
    rig.runtime.stepWall(-3_600_000);
    assert.equal(await store.ttl(ctx, "a"), 1000);
    rig.runtime.stepWall(2 * 3_600_000);
    assert.equal(await store.get(ctx, "a"), 1);
    await rig.pass(1000);
    assert.equal(await store.exists(ctx, "a"), false);
  });
}

function expireCases(list: StorageCaseList): void {
  list.it("gives a key a new ttl, and keeps its value", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", { n: 1 }, "1h");
    await rig.pass(500);
    assert.equal(await store.expire(ctx, "a", "2s"), true);
    rig.sameTtl(await store.ttl(ctx, "a"), 2000);
    assert.deepEqual(await store.get(ctx, "a"), { n: 1 });
    await rig.passEverywhere(2000);
    assert.equal(await store.exists(ctx, "a"), false);
  });

  list.it("takes expire with 0 for persist", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1, "1h");
    assert.equal(await store.expire(ctx, "a", 0), true);
    assert.equal(await store.ttl(ctx, "a"), -1);
  });

  list.it("answers false when expire or persist meets no key", async (rig) => {
    const { store, ctx } = rig;
    assert.equal(await store.expire(ctx, "absent", "1h"), false);
    assert.equal(await store.persist(ctx, "absent"), false);
    await store.set(ctx, "a", 1, 10);
    await rig.passEverywhere(10);
    assert.equal(await store.expire(ctx, "a", "1h"), false);
    assert.equal(await store.exists(ctx, "a"), false);
  });

  list.it("persists a key once", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1, "1h");
    assert.equal(await store.persist(ctx, "a"), true);
    assert.equal(await store.persist(ctx, "a"), false);
    assert.equal(await store.ttl(ctx, "a"), -1);
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("translates a failure of the backend within expire and persist", async (rig) => {
    const { store, ctx, strong, faults } = rig;
    await store.set(ctx, "a", 1, "1h");
    faults.chances = { seed: 1, refusal: 1 };
    const expected = { reason: "unavailable", code: 5002, key: "a", retryable: true } as const;
    await rejects(() => store.expire(strong, "a", "2h"), { ...expected, operation: "expire" });
    await rejects(() => store.persist(strong, "a"), { ...expected, operation: "persist" });
    faults.chances = { seed: 1 };
    rig.sameTtl(await store.ttl(ctx, "a"), 3_600_000);
  });
}

function transactionCases(list: StorageCaseList): void {
  list.it("starts a transaction's ttl at its commit", async (rig) => {
    const { store, ctx } = rig;
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", 1, "10s");
    assert.equal(await tx.ttl("a"), 10_000);
    await rig.pass(4000);
    assert.equal(await tx.ttl("a"), 10_000);
    await tx.commit();
    rig.sameTtl(await store.ttl(ctx, "a"), 10_000);
    rig.sameTtl(await store.ttl(rig.strong, "a"), 10_000);
  });

  list.it("changes ttls in a transaction", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 2, c: 3 }, "1m");
    await store.transact(ctx, async (tx) => {
      assert.equal(await tx.expire("a", "5m"), true);
      assert.equal(await tx.ttl("a"), 300_000);
      assert.equal(await tx.persist("b"), true);
      assert.equal(await tx.persist("b"), false);
      assert.equal(await tx.ttl("b"), -1);
      assert.equal(await tx.expire("absent", "5m"), false);
      assert.equal(await tx.ttl("absent"), -2);
      await tx.delete("c");
      assert.equal(await tx.ttl("c"), -2);
      assert.equal(await tx.expire("c", "5m"), false);
    });
    rig.sameTtl(await store.ttl(ctx, "a"), 300_000);
    assert.equal(await store.ttl(ctx, "b"), -1);
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("conflicts when a key that a transaction read has expired by its commit", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1, "1s");
    const tx = await store.beginTransaction(ctx);
    assert.equal(await tx.get("a"), 1);
    await tx.set("b", 2);
    await rig.passEverywhere(1000);
    await rejects(() => tx.get("a"), "absent");
    await rejects(() => tx.commit(), { reason: "conflict", key: "a" });
    assert.equal(await store.exists(ctx, "b"), false);
  });

  list.it("retries a transaction over a key that expired meanwhile", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1, "1s");
    const seen: unknown[] = [];
    await store.transact(ctx, async (tx) => {
      seen.push(await tx.getOr("a", "gone"));
      if (seen.length === 1) await rig.passEverywhere(1000);
      await tx.set("b", seen.length);
    });
    assert.deepEqual(seen, [1, "gone"]);
    assert.equal(await store.get(ctx, "b"), 2);
  });
}
