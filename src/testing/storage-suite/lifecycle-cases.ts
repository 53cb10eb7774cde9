import assert from "node:assert/strict";
import type { Context } from "../../core/context.js";
import type { StorageSettings } from "../../plugin/settings.js";
import { ALL_CALLS, TRANSACTION_CALLS } from "./public-calls.js";
import { collect, misuses, rejection, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** Before the start, after the stop, in between, and what may be changed while it runs. */
export function lifecycleCases(list: StorageCaseList): void {
  list.topic("lifecycle", () => {
    refusalCases(list);
    startCases(list);
    stopCases(list);
    reconfigureCases(list);
  });
}

function refusalCases(list: StorageCaseList): void {
  for (const { operation, access, run } of ALL_CALLS) {
    const code = access === "read" ? 5001 : 5002;
    list.onUnopened(`refuses ${operation} before the start`, async ({ store, ctx }) => {
      const expected = { reason: "not-open", code, operation, retryable: false, outcome: undefined } as const;
      await rejects(() => run(store, ctx, "key"), expected);
    });

    list.onUnopened(`refuses ${operation} after the stop`, async ({ store, ctx }) => {
      await store.start(ctx);
      await store.stop(ctx);
      const expected = { reason: "closed", code, operation, retryable: false, outcome: undefined } as const;
      await rejects(() => run(store, ctx, "key"), expected);
    });

    list.it(`takes something else than a context in ${operation} for a mistake`, async ({ store }) => {
      for (const wrong of [undefined, null, {}, "key"] as unknown[]) {
        await misuses(() => run(store, wrong as Context, "key"), /must be a Context/);
      }
    });
  }
}

function startCases(list: StorageCaseList): void {
  list.onUnopened("takes a second start for nothing", async ({ store, ctx }) => {
    await store.start(ctx);
    await store.set(ctx, "a", 1);
    await store.start(ctx);
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.onUnopened("tells its health", async ({ store, ctx }) => {
    assert.deepEqual(await store.health(ctx), { status: "down", message: "the store is not open" });
    await store.start(ctx);
    assert.deepEqual(await store.health(ctx), { status: "up" });
    await store.stop(ctx);
    assert.equal((await store.health(ctx)).status, "down");
    assert.deepEqual(store.metrics(), []);
  });

  list.it("starts again after a stop, with nothing cached or counted", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1);
    await store.get(ctx, "a");
    await rig.restart();
    const { hits, misses, size } = await store.getCacheStats(ctx);
    assert.deepEqual({ hits, misses, size }, { hits: 0, misses: 0, size: 0 });
    assert.equal(await store.getOr(ctx, "a", "gone"), list.harness.persistent ? 1 : "gone");
    await store.set(ctx, "b", 2);
    assert.equal(await store.get(ctx, "b"), 2);
  });

  if (list.harness.persistent) persistenceCases(list);
}

function persistenceCases(list: StorageCaseList): void {
  list.it("keeps values, versions, deadlines and namespaces over a restart", async (rig) => {
    const { store, ctx } = rig;
    const value = {
      d: new Date(1),
      m: new Map([["s", new Set([1n])]]),
      b: new Uint8Array([1, 2]),
      n: [-0, Number.NaN],
    };
    await store.set(ctx, "plain", value);
    await store.set(ctx, "mortal", 1, "1h");
    await store.namespace("n").set(ctx, "__proto__", "kept");
    const before = await collect(store.entries(ctx));
    await rig.restart();
    assert.deepEqual(await collect(store.entries(ctx)), before);
    assert.equal(await store.namespace("n").get(ctx, "__proto__"), "kept");
    assert.deepEqual(await store.listNamespaces(ctx), ["", "n"]);
    if (rig.isRealTime) return;
    await rig.pass(3_600_000);
    assert.deepEqual(await store.keys(ctx), ["plain"]);
  });

  list.it("keeps deletes and clears over a restart", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 2 });
    await store.namespace("n").setBatch(ctx, { a: 1, b: 2 });
    await store.delete(ctx, "a");
    await store.namespace("n").clear(ctx);
    await rig.restart();
    assert.deepEqual(await store.keys(ctx), ["b"]);
    assert.deepEqual(await store.listNamespaces(ctx), [""]);
  });

  list.it("never issues a version twice, over restarts too", async (rig) => {
    const { store, ctx } = rig;
    const versions = new Set<string>();
    for (let round = 0; round < 5; round++) {
      await store.set(ctx, "a", round);
      versions.add((await store.getEntry(ctx, "a"))?.version as string);
      await rig.restart();
    }
    assert.equal(versions.size, 5);
  });
}

function stopCases(list: StorageCaseList): void {
  list.onUnopened("takes a stop before the start for nothing", async ({ store, ctx }) => {
    await store.stop(ctx);
    await rejects(() => store.get(ctx, "a"), "not-open");
    await store.start(ctx);
    await store.set(ctx, "a", 1);
  });

  list.it("takes a second stop for nothing, and waits for the first", async ({ store, ctx, faults }) => {
    const held = faults.hold("commit", "before");
    const written = store.set(ctx, "a", 1);
    await held.reached;
    const order: string[] = [];
    const stops = [1, 2].map((n) => store.stop(ctx).then(() => order.push(`stop ${n}`)));
    await new Promise(setImmediate);
    order.push("released");
    held.release();
    await Promise.all(stops);
    await written;
    assert.equal(order[0], "released");
    await store.stop(ctx);
    await store.stop();
  });

  list.it("stops at the end of an await using block", async ({ store, ctx }) => {
    {
      await using open = store;
      await open.set(ctx, "a", 1);
    }
    await rejects(() => store.get(ctx, "a"), "closed");
  });

  list.it("aborts open transactions, which say closed from then on", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", 1);
    await store.stop(ctx);
    assert.equal(tx.state, "aborted");
    for (const { operation, run } of TRANSACTION_CALLS) {
      await rejects(() => run(tx, "a"), { reason: "closed", operation: `transaction.${operation}` });
    }
    await tx.rollback();
  });

  list.it("finishes commits under way and waiting before it stops", async (rig) => {
    const { store, ctx, faults } = rig;
    const held = faults.hold("commit", "before");
    const writes = Array.from({ length: 10 }, (_, i) => store.set(ctx, `key:${i}`, i));
    const tx = await store.beginTransaction(ctx);
    await tx.set("tx", 1);
    const committed = tx.commit();
    await held.reached;
    const stopped = store.stop(ctx);
    await rejects(() => store.set(ctx, "late", 1), "closed");
    held.release();
    await Promise.all([...writes, committed, stopped]);
    assert.equal(tx.state, "committed");
    if (!list.harness.persistent) return;
    await store.start(ctx);
    assert.equal(await store.count(ctx), 11);
  });

  list.it("ends a transact that waits for its next try", async (rig) => {
    const { store, ctx } = rig;
    let tries = 0;
    const call = store.transact(ctx, async (tx) => {
      await tx.getOr("a", 0);
      await store.set(ctx, "a", tries);
      await tx.set("b", 1);
      tries += 1;
    });
    const rejected = rejects(() => call, "closed");
    while (tries < 2) await new Promise(setImmediate);
    await store.stop(ctx);
    await rig.pass(1000);
    await rejected;
  });

  list.it("ends a scan under way with closed", async ({ store, ctx }) => {
    await store.setBatch(ctx, new Map(Array.from({ length: 2000 }, (_, i) => [`key:${i}`, i])));
    const scan = store.scan(ctx);
    await scan[Symbol.asyncIterator]().next();
    await store.stop(ctx);
    await rejects(() => collect(scan), { reason: "closed", operation: "scan" });
  });
}

/** The settings of a store with others in place of some. */
async function reconfigure(rig: StorageRig, changed: StorageSettings): Promise<string> {
  const value = { ...rig.settings, ...changed };
  return rig.store.reconfigure(rig.ctx, { value, locate: () => undefined });
}

function reconfigureCases(list: StorageCaseList): void {
  list.it("changes the cache while it runs", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", { n: 1 });
    assert.equal(await reconfigure(rig, { cache: { max_entries: 7, values: "frozen" } }), "applied");
    assert.equal((await store.getCacheStats(ctx)).maxSize, 7);
    await store.get(ctx, "a");
    assert.ok(Object.isFrozen(await store.get(ctx, "a")));
    assert.equal(await reconfigure(rig, { cache: { max_entries: 0 } }), "applied");
    assert.equal((await store.getCacheStats(ctx)).enabled, false);
    assert.deepEqual(await store.get(ctx, "a"), { n: 1 });
    assert.equal(await reconfigure(rig, { cache: { max_entries: 9 } }), "applied");
    assert.equal((await store.getCacheStats(ctx)).enabled, true);
  });

  list.it("changes the bounds of transactions while it runs", async (rig) => {
    await reconfigure(rig, { transaction: { timeout: "1s", max_attempts: 2 } });
    const tx = await rig.store.beginTransaction(rig.ctx);
    await rig.pass(1000);
    await rejects(() => tx.get("a"), "timeout");
  });

  list.it("asks for a restart for anything else, having changed nothing", async (rig) => {
    assert.equal(await reconfigure(rig, { ttl_cleanup_interval: "7s" }), "restart-required");
    assert.equal(await reconfigure(rig, { changes: { retain: { count: 1 } } }), "restart-required");
    assert.equal(await reconfigure(rig, { transaction: { max_open: 1 } }), "restart-required");
    const open = [await rig.store.beginTransaction(rig.ctx), await rig.store.beginTransaction(rig.ctx)];
    for (const tx of open) await tx.rollback();
  });

  list.it("refuses a wrong configuration, having changed nothing", async (rig) => {
    const before = await rig.store.getCacheStats(rig.ctx);
    const error = await rejection(() => reconfigure(rig, { cache: { max_entries: -1 } }));
    assert.equal((error as Error).name, "ConfigError");
    assert.deepEqual(await rig.store.getCacheStats(rig.ctx), before);
  });

  list.it("never answers from what it replaced, while traffic runs", async (rig) => {
    const { store, ctx } = rig;
    let isRunning = true;
    let written = 0;
    const write = async () => {
      while (isRunning) {
        written += 1;
        await store.set(ctx, "n", written);
        assert.equal(await store.get(ctx, "n"), written);
        await new Promise(setImmediate);
      }
    };
    const writing = write();
    for (let i = 0; i < 20 || written <= 10; i++) {
      await reconfigure(rig, { cache: { max_entries: i % 3 === 0 ? 0 : 10 + i } });
      await new Promise(setImmediate);
    }
    isRunning = false;
    await writing;
  });

  list.it("lets a transaction begun before read nothing stale after", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", "old");
    const tx = await store.beginTransaction(ctx);
    await reconfigure(rig, { cache: { max_entries: 50 } });
    await store.set(ctx, "a", "new");
    assert.equal(await tx.get("a"), "new");
    const other = await store.beginTransaction(ctx);
    await tx.rollback();
    await store.set(ctx, "a", "newer");
    assert.equal(await other.get("a"), "newer");
    await other.commit();
  });

  list.it("takes new settings at the next start when it was stopped meanwhile", async (rig) => {
    const { store, ctx } = rig;
    const held = rig.faults.hold("commit", "before");
    const written = store.set(ctx, "a", 1);
    await held.reached;
    const outcome = reconfigure(rig, { cache: { max_entries: 7 } });
    const stopped = store.stop(ctx);
    held.release();
    await Promise.all([written, stopped]);
    assert.equal(await outcome, "applied");
    await rejects(() => store.get(ctx, "a"), "closed");
    await store.start(ctx);
    assert.equal((await store.getCacheStats(ctx)).maxSize, 7);
  });
}
