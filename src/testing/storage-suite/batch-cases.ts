import assert from "node:assert/strict";
import type { StorageCaseList } from "./storage-case-list.js";
import { misuses, rejects } from "./storage-assertions.js";

/** Several keys at once: order, atomicity, duplicates, and every shape they may be given in. */
export function batchCases(list: StorageCaseList): void {
  list.topic("batches", () => {
    readCases(list);
    writeCases(list);
    deleteCases(list);
    misuseCases(list);
    transactionCases(list);
  });
}

function readCases(list: StorageCaseList): void {
  list.it("finds the keys that exist, in the order asked", async ({ store, ctx, strong }) => {
    await store.setBatch(ctx, { a: 1, b: 2, c: 3 });
    await store.clearCache(ctx);
    await store.get(ctx, "b");
    for (const context of [ctx, strong]) {
      const found = await store.getBatch(context, ["c", "x", "b", "a"]);
      assert.deepEqual(
        [...found],
        [
          ["c", 3],
          ["b", 2],
          ["a", 1],
        ],
      );
    }
  });

  list.it("answers a key asked twice once, where it was asked first", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 2 });
    assert.deepEqual(
      [...(await store.getBatch(ctx, ["b", "a", "b"]))],
      [
        ["b", 2],
        ["a", 1],
      ],
    );
  });

  list.it("answers no keys with an empty map", async ({ store, ctx }) => {
    assert.deepEqual(await store.getBatch(ctx, []), new Map());
  });

  list.it("takes keys from any iterable, read once", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 2 });
    assert.equal((await store.getBatch(ctx, new Set(["a", "b"]))).size, 2);
    assert.equal((await store.getBatch(ctx, new Map([["a", 0]]).keys())).size, 1);
    assert.equal(await store.deleteBatch(ctx, new Set(["a", "b"])), 2);
  });

  list.it("reads 10 000 keys", async ({ store, ctx }) => {
    const data = new Map(Array.from({ length: 10_000 }, (_, i) => [`key:${i}`, i]));
    const { maxBatchEntries } = (await store.info(ctx)).limits;
    for (let at = 0; at < data.size; at += maxBatchEntries) {
      await store.setBatch(ctx, new Map([...data].slice(at, at + maxBatchEntries)));
    }
    assert.deepEqual(await store.getBatch(ctx, data.keys()), data);
    assert.equal(await store.clear(ctx), 10_000);
  });
}

function writeCases(list: StorageCaseList): void {
  list.it("stores an object's own fields", async ({ store, ctx }) => {
    const data: Record<string, number> = Object.create({ inherited: 1 }) as Record<string, number>;
    data["own"] = 2;
    await store.setBatch(ctx, data);
    assert.deepEqual(await store.keys(ctx), ["own"]);
  });

  list.it("stores a Map's entries, __proto__ among them", async ({ store, ctx }) => {
    await store.setBatch(
      ctx,
      new Map([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
    );
    assert.deepEqual(await store.keys(ctx), ["__proto__", "constructor"]);
    assert.equal(await store.get(ctx, "__proto__"), 1);
  });

  list.it("stores an own __proto__ of an object", async ({ store, ctx }) => {
    await store.setBatch(ctx, JSON.parse('{"__proto__": {"x": 1}, "a": 2}') as Record<string, unknown>);
    assert.deepEqual(await store.keys(ctx), ["__proto__", "a"]);
    assert.deepEqual(await store.get(ctx, "__proto__"), { x: 1 });
  });

  list.it("gives the whole batch one version", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 2 });
    const [a, b] = [await store.getEntry(ctx, "a"), await store.getEntry(ctx, "b")];
    assert.equal(a?.version, b?.version);
  });

  list.it("stores nothing of a batch with an invalid key", async ({ store, ctx }) => {
    await store.set(ctx, "a", "earlier");
    await rejects(
      () =>
        store.setBatch(
          ctx,
          new Map([
            ["a", 1],
            ["", 2],
          ]),
        ),
      "invalid-key",
    );
    assert.deepEqual(await store.find(ctx, "*"), new Map([["a", "earlier"]]));
  });

  list.it("names the key whose value cannot be stored", async ({ store, ctx }) => {
    const data = new Map<string, unknown>([
      ["ok", 1],
      ["broken", { deep: [Symbol("no value")] }],
    ]);
    const expected = { reason: "unserializable", code: 5002, key: "broken" } as const;
    const error = await rejects(() => store.setBatch(ctx, data), expected);
    assert.match(error.message, /^setBatch of "broken" failed: at \.deep\[0\]: /);
    await store.transact(ctx, async (tx) => {
      await rejects(() => tx.setBatch(data), { ...expected, operation: "transaction.setBatch" });
    });
    assert.equal(await store.size(ctx), 0);
  });

  list.it("does nothing for an empty batch", async ({ store, ctx }) => {
    await store.setBatch(ctx, {});
    await store.setBatch(ctx, new Map());
    assert.equal(await store.size(ctx), 0);
  });

  list.it("refuses a bad ttl even of an empty batch", async ({ store, ctx }) => {
    await rejects(() => store.setBatch(ctx, {}, -1), "invalid-ttl");
  });

  list.it("never shows half a batch", async ({ store, ctx, strong }) => {
    const rounds = Array.from({ length: 50 }, (_, i) => store.setBatch(ctx, { a: i, b: i, c: i }));
    for (let i = 0; i < 50; i++) {
      const seen = await store.getBatch(strong, ["a", "b", "c"]);
      assert.ok(new Set(seen.values()).size <= 1, `one state: ${JSON.stringify([...seen])}`);
      await store.transact(ctx, async (tx) => {
        assert.ok(new Set((await tx.find("*")).values()).size <= 1);
      });
    }
    await Promise.all(rounds);
    assert.deepEqual(
      await store.find(ctx, "*"),
      new Map([
        ["a", 49],
        ["b", 49],
        ["c", 49],
      ]),
    );
  });

  list.it("refuses more than a backend takes in one batch, whole", async ({ store, ctx }) => {
    const { limits } = await store.info(ctx);
    const data = new Map<string, number>();
    for (let i = 0; i <= limits.maxBatchEntries; i++) data.set(`${i}`, 0);
    await rejects(() => store.setBatch(ctx, data), { reason: "too-large", code: 5002, retryable: false });
    assert.equal(await store.count(ctx), 0);
  });
}

function deleteCases(list: StorageCaseList): void {
  list.it("counts the keys that existed, each once", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 2, c: 3 });
    assert.equal(await store.deleteBatch(ctx, ["a", "x", "a", "b", "a"]), 2);
    assert.deepEqual(await store.keys(ctx), ["c"]);
  });

  list.it("deletes no keys", async ({ store, ctx }) => {
    assert.equal(await store.deleteBatch(ctx, []), 0);
  });

  list.it("deletes nothing of a batch with an invalid key", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await rejects(() => store.deleteBatch(ctx, ["a", "x\0"]), {
      reason: "invalid-key",
      code: 5002,
      key: "x\0",
    });
    assert.equal(await store.exists(ctx, "a"), true);
  });
}

function misuseCases(list: StorageCaseList): void {
  for (const [shown, keys] of [
    ["one key", "key"],
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["an object", { a: 1 }],
  ] as const) {
    list.it(`takes ${shown} for keys for a mistake`, async ({ store, ctx }) => {
      await store.set(ctx, "key", 1);
      const wrong = keys as unknown as string[];
      await misuses(() => store.getBatch(ctx, wrong), /keys|iterable/);
      await misuses(() => store.deleteBatch(ctx, wrong), /keys|iterable/);
      await store.transact(ctx, async (tx) => {
        await misuses(() => tx.getBatch(wrong), /keys|iterable/);
        await misuses(() => tx.deleteBatch(wrong), /keys|iterable/);
      });
      assert.equal(await store.exists(ctx, "key"), true);
    });
  }

  for (const [shown, data] of [
    ["undefined", undefined],
    ["null", null],
    ["text", "ab"],
    ["an array", [["a", 1]]],
    ["a Set", new Set(["a"])],
    ["a function", () => 1],
  ] as const) {
    list.it(`takes ${shown} for the data of a batch for a mistake`, async ({ store, ctx }) => {
      const wrong = data as unknown as Record<string, unknown>;
      await misuses(() => store.setBatch(ctx, wrong), /setBatch takes an object or a Map/);
      await store.transact(ctx, async (tx) => {
        await misuses(() => tx.setBatch(wrong), /setBatch takes an object or a Map/);
      });
      assert.equal(await store.size(ctx), 0);
    });
  }
}

function transactionCases(list: StorageCaseList): void {
  list.it("does the same inside a transaction", async (rig) => {
    const { store, ctx } = rig;
    await store.setBatch(ctx, { a: 1, b: 2, c: 3 });
    await store.transact(ctx, async (tx) => {
      await tx.setBatch(
        new Map([
          ["__proto__", 0],
          ["b", 22],
        ]),
        "1h",
      );
      assert.deepEqual(
        [...(await tx.getBatch(["c", "b", "x", "__proto__", "c"]))],
        [
          ["c", 3],
          ["b", 22],
          ["__proto__", 0],
        ],
      );
      assert.equal(await tx.deleteBatch(["a", "a", "x", "__proto__"]), 2);
      assert.equal(await tx.deleteBatch(["a"]), 0);
      assert.deepEqual(await tx.getBatch(["a", "__proto__"]), new Map());
    });
    assert.deepEqual(
      await store.find(ctx, "*"),
      new Map([
        ["b", 22],
        ["c", 3],
      ]),
    );
    rig.sameTtl(await store.ttl(ctx, "b"), 3_600_000);
  });

  list.it("buffers nothing of a batch with a part that cannot be stored", async ({ store, ctx }) => {
    await store.transact(ctx, async (tx) => {
      await rejects(() => tx.setBatch({ a: 1, b: () => 1 }), "unserializable");
      await rejects(
        () =>
          tx.setBatch(
            new Map([
              ["c", 1],
              ["", 1],
            ]),
          ),
        "invalid-key",
      );
    });
    assert.equal(await store.size(ctx), 0);
  });
}
