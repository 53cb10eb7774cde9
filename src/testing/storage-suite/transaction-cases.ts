import assert from "node:assert/strict";
import type { Transaction } from "../../plugin/storage.js";
import { TRANSACTION_CALLS } from "./public-calls.js";
import { collect, keysOf, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** One transaction: what it sees, what others see of it, and how it ends. */
export function transactionCases(list: StorageCaseList): void {
  list.topic("a transaction", () => {
    visibilityCases(list);
    mergeCases(list);
    stateCases(list);
  });
}

function visibilityCases(list: StorageCaseList): void {
  list.it("reads its own writes, and nobody else does before the commit", async ({ store, ctx, strong }) => {
    await store.setBatch(ctx, { a: "old", b: "kept" });
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", "new");
    await tx.set("c", "new");
    assert.equal(await tx.get("a"), "new");
    assert.deepEqual(
      await tx.find("*"),
      new Map([
        ["a", "new"],
        ["b", "kept"],
        ["c", "new"],
      ]),
    );
    assert.deepEqual(
      await store.find(ctx, "*"),
      new Map([
        ["a", "old"],
        ["b", "kept"],
      ]),
    );
    assert.equal(await store.get(ctx, "a"), "old");
    await tx.commit();
    for (const context of [ctx, strong]) {
      assert.deepEqual(await store.getBatch(context, ["a", "b", "c"]), await store.find(ctx, "*"));
    }
    assert.equal(await store.get(ctx, "a"), "new");
  });

  list.it("sees its own deletes", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 2 });
    const tx = await store.beginTransaction(ctx);
    assert.equal(await tx.delete("a"), true);
    assert.equal(await tx.delete("a"), false);
    assert.equal(await tx.delete("absent"), false);
    assert.equal(await tx.exists("a"), false);
    assert.equal(await tx.getOr("a", "gone"), "gone");
    await rejects(() => tx.get("a"), {
      reason: "absent",
      code: 5004,
      operation: "transaction.get",
      key: "a",
    });
    assert.equal(await tx.ttl("a"), -2);
    assert.deepEqual(await tx.keys(), ["b"]);
    assert.equal(await tx.count(), 1);
    assert.equal(await store.exists(ctx, "a"), true);
    await tx.set("a", "again");
    assert.equal(await tx.get("a"), "again");
    await tx.commit();
    assert.equal(await store.get(ctx, "a"), "again");
  });

  list.it("sees one state of each key it has read", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    const tx = await store.beginTransaction(ctx);
    assert.equal(await tx.get("a"), 1);
    await store.set(ctx, "a", 2);
    assert.equal(await tx.get("a"), 1);
    assert.deepEqual(await tx.getBatch(["a"]), new Map([["a", 1]]));
    await tx.rollback();
  });

  list.it("does not buffer a key set and deleted again as anything but deleted", async ({ store, ctx }) => {
    await store.transact(ctx, async (tx) => {
      await tx.set("a", 1);
      assert.equal(await tx.delete("a"), true);
      assert.deepEqual(await tx.keys(), []);
    });
    assert.equal(await store.exists(ctx, "a"), false);
  });

  list.it("carries a set that nobody awaited before the commit", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    const written = tx.set("a", 1);
    await tx.commit();
    await written;
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("gives all it wrote its own id as version", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.setBatch({ a: 1, b: 2 });
    assert.deepEqual(await collect(tx.scan()), [
      { key: "a", value: 1, version: tx.id },
      { key: "b", value: 2, version: tx.id },
    ]);
    await tx.commit();
    assert.equal((await store.getEntry(ctx, "a"))?.version, tx.id);
  });

  list.it("commits nothing, having done nothing", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.commit();
    assert.equal(tx.state, "committed");
    assert.equal(await store.size(ctx), 0);
  });

  list.it("lets the plain store be used beside it", async ({ store, ctx }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", "transaction");
    await store.set(ctx, "b", "plain");
    assert.equal(await tx.get("b"), "plain");
    await tx.commit();
    assert.deepEqual(await store.keys(ctx), ["a", "b"]);
  });

  if (list.harness.persistent) {
    list.it("keeps what it committed, and only that, over a restart", async (rig) => {
      const { store, ctx } = rig;
      await store.transact(ctx, (tx) => tx.setBatch({ a: 1, b: 2 }, "1h"));
      const open = await store.beginTransaction(ctx);
      await open.set("c", 3);
      await rig.restart();
      assert.deepEqual(
        await store.find(ctx, "*"),
        new Map([
          ["a", 1],
          ["b", 2],
        ]),
      );
      assert.ok((await store.ttl(ctx, "a")) > 0);
    });
  }
}

/** Stored b, d, f, h; written a, d (again), e; deleted f. */
async function mixed({ store, ctx }: StorageRig): Promise<Transaction> {
  await store.setBatch(ctx, { b: 1, d: 1, f: 1, h: 1 });
  const tx = await store.beginTransaction(ctx);
  await tx.setBatch({ e: 2, d: 2, a: 2 });
  await tx.delete("f");
  return tx;
}

const MERGED: readonly [title: string, options: object, expected: string][] = [
  ["forward", {}, "abdeh"],
  ["in reverse", { reverse: true }, "hedba"],
  ["up to a limit", { limit: 3 }, "abd"],
  ["up to a limit in reverse", { reverse: true, limit: 2 }, "he"],
  ["after an own key", { after: "a" }, "bdeh"],
  ["after a key written over", { after: "d" }, "eh"],
  ["after a deleted key", { after: "f" }, "h"],
  ["before a deleted key", { after: "f", reverse: true }, "edba"],
  ["after an own key with a limit", { after: "a", limit: 2 }, "bd"],
  ["nothing", { limit: 0 }, ""],
];

function mergeCases(list: StorageCaseList): void {
  for (const [title, options, expected] of MERGED) {
    list.it(`merges what is stored with its own writes, ${title}`, async (rig) => {
      const tx = await mixed(rig);
      for (const pattern of ["*", "?"]) {
        assert.deepEqual(await tx.keys(pattern, options), [...expected]);
        assert.deepEqual([...(await tx.find(pattern, options)).keys()], [...expected]);
        assert.deepEqual(await keysOf(tx.scan(pattern, options)), [...expected]);
      }
      assert.equal((await tx.find<number>("*")).get("d"), 2);
      assert.equal(await tx.count(), 5);
      await tx.commit();
      assert.deepEqual(await rig.store.keys(rig.ctx, "*", options), [...expected]);
    });
  }

  list.it("takes its writes as they stood when a scan began", async (rig) => {
    const tx = await mixed(rig);
    const seen: string[] = [];
    for await (const { key } of tx.scan()) {
      seen.push(key);
      if (key === "b") await tx.set("bb", 3);
    }
    assert.deepEqual(seen, [..."abdeh"]);
    assert.equal(await tx.count(), 6);
    await tx.commit();
  });

  list.it("ends a scan under way when it is rolled back", async (rig) => {
    const tx = await mixed(rig);
    const scan = tx.scan();
    await scan[Symbol.asyncIterator]().next();
    await tx.rollback();
    await rejects(() => collect(scan), "finished");
  });
}

function stateCases(list: StorageCaseList): void {
  list.it("says of reads under way when it ends that it is finished, which nobody cancelled", async (rig) => {
    const { store, ctx } = rig;
    const ends: readonly ((tx: Transaction) => Promise<void>)[] = [
      (tx) => tx.rollback(),
      (tx) => tx.commit(),
    ];
    for (const end of ends) {
      const tx = await store.beginTransaction(ctx);
      const reads = [tx.getOr("key", 0), tx.find("*"), tx.count(), tx.list("list").lrange(0, -1)];
      const outcomes = Promise.allSettled(reads);
      await end(tx);
      for (const outcome of await outcomes) {
        if (outcome.status === "fulfilled") continue;
        assert.equal((outcome.reason as { reason?: string }).reason, "finished");
      }
    }
  });

  list.it("tells its state, and has an id of its own", async ({ store, ctx }) => {
    const [one, two] = [await store.beginTransaction(ctx), await store.beginTransaction(ctx)];
    assert.notEqual(one.id, two.id);
    assert.equal(one.state, "active");
    await one.commit();
    assert.equal(one.state, "committed");
    await two.rollback();
    assert.equal(two.state, "rolled-back");
  });

  for (const [state, finish] of ENDS) {
    for (const { operation, access, run } of TRANSACTION_CALLS) {
      list.it(`refuses ${operation} once ${state}`, async (rig) => {
        const tx = await rig.store.beginTransaction(rig.ctx);
        await tx.set("key", "own");
        await finish(rig, tx);
        const code = access === "read" ? 5001 : 5002;
        const expected = {
          reason: "finished",
          code,
          operation: `transaction.${operation}`,
          retryable: false,
        } as const;
        const error = await rejects(() => run(tx, "key"), expected);
        assert.match(error.message, new RegExp(state));
        assert.equal(tx.state, state);
      });
    }

    list.it(`takes rollback for nothing once ${state}`, async (rig) => {
      const tx = await rig.store.beginTransaction(rig.ctx);
      await tx.set("key", "own");
      await finish(rig, tx);
      const before = await rig.store.find(rig.ctx, "*");
      await tx.rollback();
      await tx.rollback();
      assert.equal(tx.state, state);
      assert.deepEqual(await rig.store.find(rig.ctx, "*"), before);
    });
  }

  list.it("goes on saying why after its timeout has passed too", async (rig) => {
    const tx = await rig.store.beginTransaction(rig.ctx, { timeout: "1s" });
    await abortByConflict(rig, tx);
    await rig.pass(2000);
    const error = await rejects(() => tx.get("key"), "finished");
    assert.match(error.message, /aborted/);
  });

  list.it("rolls back at the end of an await using block that did not commit", async ({ store, ctx }) => {
    let left: Transaction | undefined;
    {
      await using tx = await store.beginTransaction(ctx);
      await tx.set("a", 1);
      left = tx;
    }
    assert.equal(left.state, "rolled-back");
    {
      await using tx = await store.beginTransaction(ctx);
      await tx.set("b", 1);
      await tx.commit();
      left = tx;
    }
    assert.equal(left.state, "committed");
    assert.deepEqual(await store.keys(ctx), ["b"]);
  });

  list.it("cannot be used or rolled back while it commits", async ({ store, ctx, faults }) => {
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", 1);
    const held = faults.hold("commit", "before");
    const committed = tx.commit();
    await held.reached;
    await rejects(() => tx.set("b", 2), "finished");
    await rejects(() => tx.commit(), "finished");
    await tx.rollback();
    held.release();
    await committed;
    assert.equal(tx.state, "committed");
    assert.deepEqual(await store.keys(ctx), ["a"]);
  });
}

async function abortByConflict({ store, ctx }: StorageRig, tx: Transaction): Promise<void> {
  await tx.getOr("contended", 0);
  await tx.set("key", "own");
  await store.set(ctx, "contended", 1);
  await rejects(() => tx.commit(), { reason: "conflict", code: 5002, retryable: true, key: "contended" });
}

const ENDS: readonly [state: string, finish: (rig: StorageRig, tx: Transaction) => Promise<void>][] = [
  ["committed", (_rig, tx) => tx.commit()],
  ["rolled-back", (_rig, tx) => tx.rollback()],
  ["aborted", abortByConflict],
];
