import assert from "node:assert/strict";
import type { Put } from "../../backends/backend.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { headKey } from "../../core/key.js";
import { collect, keysOf, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** Keys that hold no plain value, and values that cannot be decoded, put into the backend below everything. */
export function typeCases(list: StorageCaseList): void {
  list.topic("what is no plain value", () => {
    listCases(list);
    damageCases(list);
  });
}

let nextId = 0;

/** Commits a put past the layers above the backend, beside a plain value. */
async function plant({ store, ctx, faults }: StorageRig, key: string, parts: Partial<Put>): Promise<void> {
  await store.set(ctx, "plain", 1);
  nextId += 1;
  const put: Put = {
    kind: "put",
    key: headKey(key),
    type: 1,
    codec: 1,
    data: "[]",
    expiry: undefined,
    ...parts,
  };
  const batch = { id: `planted${nextId}`, ctx, namespace: "", checks: [], ranges: [], writes: [put] };
  const [result] = await faults.commit([batch]);
  assert.equal(result?.status, "committed");
}

const LIST: Partial<Put> = { type: ENTRY_TYPE.list, incarnation: "i".repeat(22), expiry: { in: 5000 } };

function listCases(list: StorageCaseList): void {
  list.it("rejects reads of its value with wrong-type", async (rig) => {
    const { store, ctx, strong } = rig;
    await plant(rig, "list", LIST);
    const expected = { reason: "wrong-type", code: 5001, key: "list", retryable: false } as const;
    for (const context of [ctx, strong]) {
      const { message } = await rejects(() => store.get(context, "list"), { ...expected, operation: "get" });
      assert.match(message, /holds a list, not a plain value; read it with list or hash$/);
      await rejects(() => store.getOr(context, "list", 0), { ...expected, operation: "getOr" });
      await rejects(() => store.getEntry(context, "list"), { ...expected, operation: "getEntry" });
    }
    await store.transact(ctx, async (tx) => {
      const { message } = await rejects(() => tx.get("list"), { ...expected, operation: "transaction.get" });
      assert.match(message, /does not hold a plain value; read what it holds with list or hash$/);
      await rejects(() => tx.getOr("list", 0), { ...expected, operation: "transaction.getOr" });
    });
    await store.clear(ctx);
  });

  list.it("is left out where values are asked for, and shown where keys are", async (rig) => {
    const { store, ctx } = rig;
    await plant(rig, "list", LIST);
    const plain = new Map([["plain", 1]]);
    assert.deepEqual(await store.getBatch(ctx, ["list", "plain"]), plain);
    assert.deepEqual(await store.find(ctx, "*"), plain);
    assert.deepEqual(await store.find(ctx, "*", { limit: 1 }), plain);
    assert.deepEqual(await keysOf(store.scan(ctx)), ["plain"]);
    assert.deepEqual(await keysOf(store.entries(ctx)), ["plain"]);
    assert.deepEqual(await store.keys(ctx), ["list", "plain"]);
    assert.deepEqual(await store.keys(ctx, "*", { limit: 1 }), ["list"]);
    assert.equal(await store.count(ctx), 2);
    assert.equal(await store.size(ctx), 2);
    assert.equal(await store.exists(ctx, "list"), true);
    assert.equal(await store.type(ctx, "list"), "list");
    rig.sameTtl(await store.ttl(ctx, "list"), 5000);
    const { size, values, lists } = await store.info(ctx);
    assert.deepEqual({ size, values, lists }, { size: 2, values: 1, lists: 1 });
    await store.transact(ctx, async (tx) => {
      assert.deepEqual(await tx.getBatch(["list", "plain"]), plain);
      assert.deepEqual(await tx.find("*"), plain);
      assert.deepEqual(await keysOf(tx.scan()), ["plain"]);
      assert.deepEqual(await tx.keys(), ["list", "plain"]);
      assert.equal(await tx.count(), 2);
      assert.equal(await tx.exists("list"), true);
      rig.sameTtl(await tx.ttl("list"), 5000);
    });
    await store.clear(ctx);
  });

  list.it("is replaced by set, and removed by delete", async (rig) => {
    const { store, ctx } = rig;
    await plant(rig, "one", LIST);
    await plant(rig, "two", LIST);
    await store.set(ctx, "one", "plain");
    assert.equal(await store.get(ctx, "one"), "plain");
    assert.equal(await store.delete(ctx, "two"), true);
    assert.equal(await store.type(ctx, "two"), undefined);
  });
}

function damageCases(list: StorageCaseList): void {
  const damaged: Partial<Put> = { codec: 99, data: new Uint8Array([1, 2, 3]) };

  list.it("says 5003 and the key of a value that cannot be decoded, and gives the others", async (rig) => {
    const { store, ctx } = rig;
    await plant(rig, "damaged", damaged);
    const expected = {
      reason: "decode",
      code: 5003,
      key: "damaged",
      namespace: "",
      retryable: false,
    } as const;
    await rejects(() => store.getEntry(ctx, "damaged"), expected);
    await rejects(() => store.get(ctx, "damaged"), expected);
    await rejects(() => store.getOr(ctx, "damaged", 0), expected);
    await rejects(() => store.getBatch(ctx, ["plain", "damaged"]), expected);
    await rejects(() => store.find(ctx, "*"), expected);
    await rejects(() => collect(store.scan(ctx)), expected);
    await store.transact(ctx, async (tx) => {
      await rejects(() => tx.get("damaged"), expected);
      await rejects(() => tx.getBatch(["plain", "damaged"]), expected);
      await rejects(() => tx.find("*"), expected);
    });
    assert.equal(await store.get(ctx, "plain"), 1);
    assert.equal(await store.exists(ctx, "damaged"), true);
    assert.deepEqual(await store.keys(ctx), ["damaged", "plain"]);
    await store.delete(ctx, "damaged");
  });

  list.it("reports it in verify, by its user's key, and throws nothing", async (rig) => {
    const { store, ctx } = rig;
    await plant(rig, "damaged", damaged);
    const report = await store.verify(ctx);
    assert.equal(report.ok, false);
    assert.deepEqual(
      report.problems.map(({ key, namespace }) => ({ key, namespace })),
      [{ key: "damaged", namespace: "" }],
    );
    await store.set(ctx, "damaged", "whole");
    assert.equal((await store.verify(ctx)).ok, true);
  });
}
