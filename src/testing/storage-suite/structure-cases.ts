import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Storage } from "../../plugin/storage.js";
import type { StandardSchema } from "../../plugin/standard-schema.js";
import { rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";
import { Watching } from "./watching.js";

/** What holds of lists and hashes alike: one key, one type, one time to live; and what is left when they end. */
export function structureCases(list: StorageCaseList): void {
  list.topic("structures", () => {
    keyCases(list);
    typeCases(list);
    expiryCases(list);
    transactionCases(list);
    consistencyCases(list);
  });
}

const SCHEMA: StandardSchema<string, string> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as string }) },
};

async function fill(storage: Storage, ctx: StorageRig["ctx"]): Promise<void> {
  await storage.list("list").rpush(ctx, 1, 2, 3);
  await storage.hash("hash").hset(ctx, { a: 1, b: 2 });
  await storage.set(ctx, "value", 1);
}

function keyCases(list: StorageCaseList): void {
  list.it("are one key each", async ({ store, ctx }) => {
    await fill(store, ctx);
    assert.deepEqual(await store.keys(ctx), ["hash", "list", "value"]);
    assert.equal(await store.count(ctx), 3);
    assert.equal(await store.type(ctx, "list"), "list");
    assert.equal(await store.type(ctx, "hash"), "hash");
    const { size, values, lists, hashes } = await store.info(ctx);
    assert.deepEqual({ size, values, lists, hashes }, { size: 3, values: 1, lists: 1, hashes: 1 });
    for (const key of ["list", "hash"]) {
      await rejects(() => store.get(ctx, key), { reason: "wrong-type", code: 5001, key });
      await rejects(() => store.getEntry(ctx, key), "wrong-type");
    }
    assert.deepEqual(await store.find(ctx, "*"), new Map([["value", 1]]));
    assert.equal(await store.delete(ctx, "list"), true);
    assert.equal(await store.deleteBatch(ctx, ["list", "hash", "value"]), 2);
    assert.deepEqual(await store.keys(ctx), []);
  });

  list.it("go with their namespace, and with no other", async ({ store, ctx }) => {
    const [users, others] = [store.namespace("user"), store.namespace("user2")];
    for (const storage of [store, users, others]) await fill(storage, ctx);
    await users.list("list").rpush(ctx, 4);
    assert.deepEqual(await others.list("list").lrange(ctx, 0, -1), [1, 2, 3]);
    assert.equal(await store.clearNamespace(ctx, "user"), 3);
    assert.deepEqual(await users.list("list").lrange(ctx, 0, -1), []);
    assert.equal(await others.clear(ctx), 3);
    assert.deepEqual(await store.listNamespaces(ctx), [""]);
    assert.deepEqual(await store.hash("hash").hkeys(ctx), ["a", "b"]);
  });

  list.it("are still there when the store is opened again", async (rig) => {
    if (!rig.harness.persistent) return;
    await fill(rig.store, rig.ctx);
    await rig.store.list("list").lpush(rig.ctx, 0);
    await rig.restart();
    const { store, ctx } = rig;
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), [0, 1, 2, 3]);
    assert.deepEqual(
      [...(await store.hash("hash").hgetall(ctx))],
      [
        ["a", 1],
        ["b", 2],
      ],
    );
    assert.equal(await store.list("list").rpush(ctx, 4), 5);
  });

  list.it("show each change to a watcher as one of their key", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    await store.list("list").rpush(ctx, 1, 2);
    await store.list("list").lpop(ctx);
    await store.hash("hash").hset(ctx, { a: 1, b: 2 });
    await store.list("list").lpop(ctx);
    const seen = await watching.take(4);
    await watching.leave();
    assert.deepEqual(
      seen.map(({ type, key = "", value }) => [type, key, value]),
      [
        ["set", "list", undefined],
        ["set", "list", undefined],
        ["set", "hash", undefined],
        ["delete", "list", undefined],
      ],
    );
  });
}

function typeCases(list: StorageCaseList): void {
  list.it("refuse keys that hold something else, and leave them", async ({ store, ctx }) => {
    await fill(store, ctx);
    const write = { reason: "wrong-type", code: 5002 } as const;
    const read = { reason: "wrong-type", code: 5001 } as const;
    for (const key of ["hash", "value"]) {
      const items = store.list(key);
      const { message } = await rejects(() => items.rpush(ctx, 1), { ...write, key });
      const held = key === "hash" ? "hash, not a list; use hash" : "plain value, not a list; use get and set";
      assert.ok(message.endsWith(`failed: the key holds a ${held} for it, or another key`), message);
      await rejects(() => items.lpop(ctx), write);
      await rejects(() => items.ltrim(ctx, 0, 0), write);
      await rejects(() => items.lrem(ctx, 0, 1), write);
      await rejects(() => items.lset(ctx, 0, 1), write);
      await rejects(() => items.lrange(ctx, 0, -1), { ...read, key });
      await rejects(() => items.llen(ctx), read);
      await rejects(() => items.lindex(ctx, 0), read);
    }
    for (const key of ["list", "value"]) {
      const hash = store.hash(key);
      await rejects(() => hash.hset(ctx, "a", 1), { ...write, key });
      await rejects(() => hash.hdel(ctx, "a"), write);
      await rejects(() => hash.hincrby(ctx, "a"), write);
      await rejects(() => hash.hget(ctx, "a"), { ...read, key });
      await rejects(() => hash.hgetall(ctx), read);
      await rejects(() => hash.hlen(ctx), read);
    }
    await rejects(() => store.transact(ctx, (tx) => tx.hash("list").hset("a", 1)), write);
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), [1, 2, 3]);
    assert.deepEqual(await store.hash("hash").hkeys(ctx), ["a", "b"]);
    assert.equal(await store.get(ctx, "value"), 1);
  });

  list.it("are replaced by set, with all that was in them", async ({ store, ctx }) => {
    await fill(store, ctx);
    await store.set(ctx, "list", "plain");
    await store.setBatch(ctx, { hash: "plain" });
    assert.deepEqual(
      await store.getBatch(ctx, ["list", "hash"]),
      new Map([
        ["list", "plain"],
        ["hash", "plain"],
      ]),
    );
    await store.delete(ctx, "list");
    assert.equal(await store.list("list").rpush(ctx, "new"), 1);
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), ["new"]);
  });

  list.it("do not live in namespaces with a schema", async ({ store, ctx }) => {
    const typed = store.namespace("typed", SCHEMA);
    await typed.set(ctx, "a", "text");
    for (const operation of ["list", "hash", "counter"] as const) {
      await rejects(
        () =>
          typed.transact(ctx, async (tx) => {
            if (operation === "list") await tx.list("b").rpush(1);
            else if (operation === "hash") await tx.hash("b").hset("a", 1);
            else await tx.counter("b").incr();
          }),
        { reason: "unsupported", code: 5002 },
      );
    }
    assert.deepEqual(await typed.keys(ctx), ["a"]);
  });
}

function expiryCases(list: StorageCaseList): void {
  list.it("keep a time to live through their changes", async (rig) => {
    const { store, ctx } = rig;
    await fill(store, ctx);
    for (const key of ["list", "hash"]) assert.equal(await store.expire(ctx, key, "1h"), true);
    await store.list("list").rpush(ctx, 4);
    await store.list("list").lpop(ctx);
    await store.list("list").lset(ctx, 0, 5);
    await store.hash("hash").hset(ctx, "c", 3);
    await store.hash("hash").hdel(ctx, "a");
    for (const key of ["list", "hash"]) rig.sameTtl(await store.ttl(ctx, key), 3_600_000);
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), [5, 3, 4]);
    for (const key of ["list", "hash"]) assert.equal(await store.persist(ctx, key), true);
    await store.list("list").rpush(ctx, 6);
    assert.equal(await store.ttl(ctx, "list"), -1);
  });

  list.it("are absent once they have expired, and begin anew", async (rig) => {
    const { store, ctx, strong } = rig;
    await fill(store, ctx);
    for (const key of ["list", "hash"]) await store.expire(ctx, key, 200);
    await rig.passEverywhere(200);
    for (const context of [ctx, strong]) {
      assert.deepEqual(await store.list("list").lrange(context, 0, -1), []);
      assert.equal(await store.list("list").llen(context), 0);
      assert.equal(await store.hash("hash").hget(context, "a"), undefined);
      assert.deepEqual(await store.hash("hash").hgetall(context), new Map());
    }
    assert.equal(await store.list("list").rpush(ctx, 9), 1);
    assert.equal(await store.hash("hash").hset(ctx, "b", 9), 1);
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), [9]);
    assert.deepEqual(await store.hash("hash").hgetall(ctx), new Map([["b", 9]]));
    assert.equal(await store.ttl(ctx, "list"), -1);
  });
}

function transactionCases(list: StorageCaseList): void {
  list.it(
    "may be made, changed and ended by one transaction, among other writes of their key",
    async (rig) => {
      const { store, ctx } = rig;
      await fill(store, ctx);
      await store.transact(ctx, async (tx) => {
        await tx.list("new").rpush(1, 2);
        await tx.delete("new");
        assert.deepEqual(await tx.list("new").lrange(0, -1), []);
        await tx.hash("new").hset("a", 1);
        await tx.set("new", "plain");
        await rejects(() => tx.list("new").rpush(1), "wrong-type");
        await tx.delete("list");
        assert.equal(await tx.list("list").rpush("again"), 1);
        await tx.expire("list", "1h");
        assert.equal(await tx.list("list").lpush("first"), 2);
        assert.deepEqual(await tx.list("list").lrange(0, -1), ["first", "again"]);
        await tx.delete("hash");
        await tx.list("hash").rpush("now a list");
        await tx.list("ends").rpush(1);
        assert.equal(await tx.list("ends").lpop(), 1);
        assert.equal(await tx.exists("ends"), false);
        assert.deepEqual(await tx.keys(), ["hash", "list", "new", "value"]);
        assert.deepEqual(
          [...(await tx.find("*"))],
          [
            ["new", "plain"],
            ["value", 1],
          ],
        );
      });
      assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), ["first", "again"]);
      rig.sameTtl(await store.ttl(ctx, "list"), 3_600_000);
      assert.deepEqual(await store.list("hash").lrange(ctx, 0, -1), ["now a list"]);
      assert.equal(await store.get(ctx, "new"), "plain");
      assert.equal(await store.exists(ctx, "ends"), false);
    },
  );

  list.it("change together with values, or not at all", async ({ store, ctx }) => {
    const failure = new Error("enough");
    await fill(store, ctx);
    const run = store.transact(ctx, async (tx) => {
      await tx.list("list").rpush(4);
      await tx.hash("hash").hset("c", 3);
      await tx.set("value", 2);
      throw failure;
    });
    await assert.rejects(run, failure);
    assert.equal(await store.list("list").llen(ctx), 3);
    assert.equal(await store.hash("hash").hlen(ctx), 2);
    await store.transact(ctx, async (tx) => {
      const value = await tx.list<number>("list").lpop();
      await tx.hash("hash").hset("popped", value);
      await tx.set("value", value);
      await tx.persist("list");
    });
    assert.equal(await store.hash("hash").hget(ctx, "popped"), 1);
    assert.equal(await store.get(ctx, "value"), 1);
  });

  list.it("are not torn by calls of their transaction that nobody awaited", async ({ store, ctx }) => {
    await store.list("list").rpush(ctx, 1);
    await store.transact(ctx, async (tx) => {
      await Promise.all([tx.list("list").rpush(2), tx.expire("list", "1h"), tx.list("list").rpush(3)]);
      assert.deepEqual(await tx.list("list").lrange(0, -1), [1, 2, 3]);
      const late = rejects(() => tx.list("other").rpush(1), "wrong-type");
      await tx.set("other", "plain");
      await late;
      assert.equal(await tx.get("other"), "plain");
    });
    assert.deepEqual(await store.list("list").lrange(ctx, 0, -1), [1, 2, 3]);
    assert.ok((await store.ttl(ctx, "list")) > 0);
  });
}

function consistencyCases(list: StorageCaseList): void {
  list.it("are read as they are when the answer is made", async ({ store, ctx, faults }) => {
    const items = store.list<number>("list");
    await items.rpush(ctx, 1, 2, 3);
    const range = faults.hold("read", "before");
    const read = items.lrange(ctx, -2, -1);
    await range.reached;
    await items.rpush(ctx, 4);
    range.release();
    assert.deepEqual(await read, [3, 4]);
    const hash = store.hash<number>("hash");
    await hash.hset(ctx, "a", 1);
    const scan = faults.hold("scan", "before");
    const all = hash.hgetall(ctx);
    await scan.reached;
    await hash.hset(ctx, { b: 2, c: 3 });
    scan.release();
    assert.deepEqual(Object.fromEntries(await all), { a: 1, b: 2, c: 3 });
  });

  list.it("are read in one state while others change them", async ({ store, ctx }) => {
    const [queue, pair] = [store.list<number>("queue"), store.hash<number>("pair")];
    await queue.rpush(ctx, 0, 1, 2, 3, 4);
    await pair.hset(ctx, { a: 0, b: 0 });
    let isOver = false;
    const writing = (async () => {
      for (let i = 5; i < 60; i++) {
        await store.transact(ctx, async (tx) => {
          await tx.list("queue").rpush(i);
          await tx.list("queue").lpop();
        });
        await pair.hset(ctx, { a: i, b: i });
      }
      isOver = true;
    })();
    // Reads may never leave the turn that writes on files wait for the end of.
    for (; !isOver; await nextTurn()) {
      const items = await queue.lrange(ctx, 0, -1);
      assert.equal(items.length, 5);
      for (const [i, item] of items.entries()) assert.equal(item, (items[0] as number) + i);
      const { a, b } = Object.fromEntries(await pair.hgetall(ctx));
      assert.equal(a, b);
      assert.equal(typeof (await queue.lindex(ctx, -1)), "number");
    }
    await writing;
  });
}
