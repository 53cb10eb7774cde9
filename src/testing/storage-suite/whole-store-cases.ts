import assert from "node:assert/strict";
import { StorageError } from "../../core/errors.js";
import { rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** What concerns the store as a whole, and what every error says. */
export function wholeStoreCases(list: StorageCaseList): void {
  list.topic("the whole store", () => {
    infoCases(list);
    careCases(list);
    errorCases(list);
  });
}

function infoCases(list: StorageCaseList): void {
  list.it("tells what it is and holds", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 2 });
    await store.namespace("n").set(ctx, "a", 1);
    await store.set(ctx, "dead", 1, 10);
    await rig.passEverywhere(10);
    const tx = await store.beginTransaction(ctx);
    const info = await store.info(ctx);
    await tx.rollback();
    assert.equal(info.type, String(rig.settings.backend));
    const { size, values, lists, hashes, blobs, namespaces, openTransactions } = info;
    const counts = { size, values, lists, hashes, blobs, namespaces, openTransactions };
    assert.deepEqual(counts, {
      size: 3,
      values: 3,
      lists: 0,
      hashes: 0,
      blobs: 0,
      namespaces: 2,
      openTransactions: 1,
    });
    assert.equal(info.capabilities.persistent, list.harness.persistent);
    if (!list.harness.persistent) assert.equal(info.durability, "none");
    assert.equal(info.capabilities.files, info.fileBytes !== undefined);
    assert.ok(info.limits.maxValueBytes >= 1024 * 1024);
  });

  list.it("tells the configuration in force", async ({ store, ctx }) => {
    const { configuration } = await store.info(ctx);
    assert.equal((configuration["cache"] as { maxEntries: number }).maxEntries, list.harness.cacheEntries);
    assert.doesNotMatch(JSON.stringify(configuration), /undefined/);
  });

  list.it("publishes figures without keys or values", async ({ store, ctx }) => {
    await store.set(ctx, "key-canary", "value-canary");
    await store.get(ctx, "key-canary");
    const metrics = store.metrics();
    assert.ok(metrics.length > 0);
    for (const { name, kind, value } of metrics) {
      assert.match(name, kind === "counter" ? /^holdfast_[a-z_]+_total$/ : /^holdfast_[a-z_]+$/);
      assert.ok(Number.isFinite(value));
    }
    assert.doesNotMatch(JSON.stringify(metrics), /canary/);
  });
}

function careCases(list: StorageCaseList): void {
  list.it("verifies what it holds", async ({ store, ctx }) => {
    assert.deepEqual(await store.verify(ctx), { ok: true, entries: 0, orphans: 0, problems: [] });
    await store.setBatch(ctx, { a: 1, b: 2 });
    await store.namespace("n").set(ctx, "a", 1);
    const report = await store.verify(ctx);
    assert.deepEqual({ ...report, entries: 0 }, { ok: true, entries: 0, orphans: 0, problems: [] });
    assert.ok(report.entries >= 3);
  });

  list.it("flushes and compacts without a change to what it holds", async (rig) => {
    const { store, ctx } = rig;
    for (let i = 0; i < 100; i++) await store.set(ctx, `key:${i % 10}`, i);
    const before = await store.find(ctx, "*");
    await store.flush(ctx);
    await store.compact(ctx);
    assert.deepEqual(await store.find(ctx, "*"), before);
    if (!list.harness.persistent) return;
    await rig.restart();
    assert.deepEqual(await store.find(ctx, "*"), before);
  });

  list.it("flushes although others never stop writing", async ({ store, ctx }) => {
    let isRunning = true;
    const write = async (key: string) => {
      for (let i = 0; isRunning; i++) await store.set(ctx, key, i);
    };
    const writing = [write("a"), write("b"), write("c")];
    await store.flush(ctx);
    isRunning = false;
    await Promise.all(writing);
  });
}

function errorCases(list: StorageCaseList): void {
  list.it("carries the backend's name, and is an Error of its own", async (rig) => {
    const error = await rejects(() => rig.store.get(rig.ctx, "absent"), "absent");
    assert.ok(error instanceof StorageError && error instanceof Error);
    assert.equal(error.name, "StorageError");
    assert.equal(error.backend, rig.settings.backend);
    assert.match(error.message, /^get of "absent" failed: /);
    assert.doesNotMatch(error.message, /\.$/);
    assert.ok(error.cause instanceof Error);
  });

  list.it("cuts and escapes keys and namespaces in messages", async ({ store, ctx }) => {
    const long = `${"k".repeat(63)}€tail`;
    const space = store.namespace(`\u202e"${"n".repeat(100)}`);
    const error = await rejects(() => space.get(ctx, long), { reason: "absent", key: long });
    assert.ok(error.message.includes(`"${"k".repeat(63)}"…`), error.message);
    assert.ok(!error.message.includes("tail") && !error.message.includes("\u202e"), error.message);
    assert.ok(error.message.includes('\\"nnn'));
  });

  list.it("names what failed below, and keeps it as the cause", async ({ store, ctx, strong, faults }) => {
    await store.set(ctx, "a", "kept");
    faults.chances = { seed: 1, refusal: 1 };
    const read = await rejects(() => store.get(strong, "a"), {
      reason: "unavailable",
      code: 5001,
      retryable: true,
    });
    assert.equal((read.cause as Error).name, "StorageFault");
    await rejects(() => store.set(ctx, "a", 1), { reason: "unavailable", code: 5002, outcome: undefined });
    await rejects(() => store.clear(ctx), { reason: "unavailable", code: 5002, operation: "clear" });
    const cleared = {
      reason: "unavailable",
      code: 5002,
      operation: "clearNamespace",
      namespace: "n",
    } as const;
    await rejects(() => store.clearNamespace(ctx, "n"), cleared);
    await rejects(() => store.keys(ctx), { reason: "unavailable", code: 5001, operation: "keys" });
    await rejects(() => store.listNamespaces(ctx), { reason: "unavailable", operation: "listNamespaces" });
    faults.chances = { seed: 1 };
    assert.equal(await store.get(ctx, "a"), "kept");
  });

  list.it("lets one bad commit fail none of its neighbours", async ({ store, ctx, faults }) => {
    faults.chances = { seed: 7, batchRefusal: 0.5 };
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => store.set(ctx, `key:${i}`, i)),
    );
    faults.chances = { seed: 7 };
    const written = results.flatMap(({ status }, i) => (status === "fulfilled" ? [`key:${i}`] : []));
    assert.ok(written.length > 0 && written.length < 100);
    assert.deepEqual(new Set(await store.keys(ctx)), new Set(written));
  });

  list.it("repeats a call known to have failed whole, commit by commit", async ({ store, ctx, faults }) => {
    const held = faults.hold("commit", "before");
    const first = store.set(ctx, "first", 1);
    await held.reached;
    faults.chances = { seed: 3, refusal: 0.4 };
    const results = Promise.allSettled(Array.from({ length: 50 }, (_, i) => store.set(ctx, `key:${i}`, i)));
    held.release();
    await first.catch(() => undefined);
    const statuses = (await results).map(({ status }) => status);
    faults.chances = { seed: 3 };
    const written = new Set(await store.keys(ctx));
    for (const [i, status] of statuses.entries())
      assert.equal(written.has(`key:${i}`), status === "fulfilled");
  });
}
