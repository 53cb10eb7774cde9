import assert from "node:assert/strict";
import { withCancel, withTimeout } from "../../core/context.js";
import type { Change, Storage } from "../../plugin/storage.js";
import { misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";
import { Watching } from "./watching.js";

/** `watch`: what it tells, in which order, from where it resumes, and how it ends. */
export function watchCases(list: StorageCaseList): void {
  list.topic("watch", () => {
    changeCases(list);
    filterCases(list);
    resumeCases(list);
    endCases(list);
  });
}

function brief(changes: readonly Change[]): string[] {
  return changes.map(({ type, key }) => (key === undefined ? type : `${type} ${key}`));
}

function changeCases(list: StorageCaseList): void {
  list.it("tells of sets with their values and versions, in order of the commits", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    await store.set(ctx, "a", { n: 1 });
    const [change] = await watching.take(1);
    const entry = await store.getEntry(ctx, "a");
    assert.deepEqual(
      { ...change, position: "" },
      {
        type: "set",
        key: "a",
        version: entry?.version,
        value: { n: 1 },
        position: "",
      },
    );
    await store.setBatch(ctx, { b: 1, c: 2 });
    await store.delete(ctx, "b");
    assert.deepEqual(brief(await watching.take(3)), ["set b", "set c", "delete b"]);
    await watching.leave();
  });

  // Without a cache nobody else looks into the log: the call that is held is the watch's.
  list.it(
    "leaves a value out that changed again before it was read",
    async (rig) => {
      const { store, ctx, faults } = rig;
      const held = faults.hold("changes", "after");
      const watching = await Watching.of(rig, store.watch(ctx));
      await store.set(ctx, "a", 1);
      await held.reached;
      await store.set(ctx, "a", 2);
      held.release();
      const changes = await watching.take(2);
      assert.deepEqual(brief(changes), ["set a", "set a"]);
      assert.deepEqual(
        changes.map((change) => "value" in change),
        [false, true],
      );
      assert.equal(changes[1]?.value, 2);
      assert.notEqual(changes[0]?.version, changes[1]?.version);
      await watching.leave();
    },
    { cache: { max_entries: 0 } },
  );

  list.it("tells a stored null and undefined apart", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    await store.set(ctx, "a", null);
    const [change] = await watching.take(1);
    assert.equal(change?.value, null);
    await watching.leave();
  });

  list.it("tells of what transactions, expire and persist write", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1);
    const watching = await Watching.of(rig, store.watch(ctx));
    await store.transact(ctx, async (tx) => {
      await tx.set("b", 1);
      await tx.delete("a");
    });
    await store.expire(ctx, "b", "1h");
    await store.persist(ctx, "b");
    assert.deepEqual(brief(await watching.take(4)), ["set b", "delete a", "set b", "set b"]);
    await watching.leave();
  });

  list.it("tells of a clear", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "a", 1);
    const watching = await Watching.of(rig, store.watch(ctx, "nothing matches"));
    await store.clear(ctx);
    assert.deepEqual(brief(await watching.take(1)), ["clear"]);
    await watching.leave();
  });

  list.it(
    "tells of an expiry within a second of the deadline, whatever the sweep interval",
    async (rig) => {
      const { store, ctx } = rig;
      await store.set(ctx, "a", 1, "1s");
      const watching = await Watching.of(rig, store.watch(ctx));
      await rig.pass(2000);
      const [change] = await rig.ended(watching.take(1));
      assert.deepEqual({ type: change?.type, key: change?.key }, { type: "expire", key: "a" });
      await watching.leave();
    },
    { ttl_cleanup_interval: "1h" },
  );

  list.it("gives values that are the watcher's own", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch<{ n: number[] }>(ctx));
    await store.set(ctx, "a", { n: [1] });
    const [change] = await watching.take(1);
    change?.value?.n.push(2);
    assert.deepEqual(await store.get(ctx, "a"), { n: [1] });
    await watching.leave();
  });

  list.it("tells every watcher everything", async (rig) => {
    const { store, ctx } = rig;
    const watchers: Watching[] = [];
    for (let i = 0; i < 3; i++) watchers.push(await Watching.of(rig, store.watch(ctx)));
    for (let i = 0; i < 300; i++) await store.set(ctx, `key:${i}`, i);
    for (const watching of watchers) {
      const changes = await watching.take(300);
      assert.deepEqual(
        changes.map(({ value }) => value),
        Array.from({ length: 300 }, (_, i) => i),
      );
      await watching.leave();
    }
  });
}

function filterCases(list: StorageCaseList): void {
  list.it("tells of keys that match only", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx, "user:*"));
    await store.setBatch(ctx, { "user:1": 1, other: 1 });
    await store.delete(ctx, "other");
    await store.set(ctx, "user:2", 1);
    assert.deepEqual(brief(await watching.take(2)), ["set user:1", "set user:2"]);
    await watching.leave();
  });

  list.it("tells of its own namespace only", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.namespace("n").watch(ctx));
    await store.set(ctx, "a", 1);
    await store.namespace("m").clear(ctx);
    await store.namespace("n").set(ctx, "b", 1);
    assert.deepEqual(brief(await watching.take(1)), ["set b"]);
    await watching.leave();
  });

  list.it("begins with its first next", async (rig) => {
    const { store, ctx } = rig;
    await store.set(ctx, "before", 1);
    const changes = store.watch(ctx);
    await store.set(ctx, "between", 1);
    const watching = await Watching.of(rig, changes);
    await store.set(ctx, "after", 1);
    assert.deepEqual(brief(await watching.take(1)), ["set after"]);
    await watching.leave();
  });

  list.it("does not tell of what failed", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    await rejects(() => store.set(ctx, "a", () => 1), "unserializable");
    const tx = await store.beginTransaction(ctx);
    await tx.set("a", 1);
    await tx.rollback();
    assert.equal(await store.delete(ctx, "absent"), false);
    await store.set(ctx, "b", 1);
    const keys = brief(await watching.take(1));
    assert.ok(!keys.includes("set a"), String(keys));
    await watching.leave();
  });
}

async function positions(rig: StorageRig, keys: readonly string[]): Promise<string[]> {
  const { store, ctx } = rig;
  const watching = await Watching.of(rig, store.watch(ctx));
  for (const key of keys) await store.set(ctx, key, 1);
  const changes = await watching.take(keys.length);
  await watching.leave();
  return changes.map(({ position }) => position);
}

function resumeCases(list: StorageCaseList): void {
  list.it("resumes after any position it told", async (rig) => {
    const { store, ctx } = rig;
    const keys = ["a", "b", "c", "d"];
    const told = await positions(rig, keys);
    for (const [i, after] of told.entries()) {
      const watching = new Watching(store.watch(ctx, "*", { after }));
      assert.deepEqual(
        brief(await watching.take(3 - i)),
        keys.slice(i + 1).map((key) => `set ${key}`),
      );
      await watching.leave();
    }
  });

  list.it("resumes between the changes of one commit, whatever is asked for then", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    await store.set(ctx, "before", 1);
    await store.transact(ctx, async (tx) => {
      for (const key of ["a:1", "b:1", "a:2", "b:2"]) await tx.set(key, key);
      await tx.delete("before");
    });
    await store.set(ctx, "a:3", 3);
    const told = await watching.take(7);
    await watching.leave();
    assert.equal(new Set(told.map(({ position }) => position)).size, 7);
    for (const [i, { position: after }] of told.slice(0, -1).entries()) {
      for (const pattern of ["*", "a:*"]) {
        const rest = told.slice(i + 1).filter(({ key = "" }) => pattern === "*" || key.startsWith("a:"));
        const resumed = new Watching(store.watch(ctx, pattern, { after }));
        assert.deepEqual(await resumed.take(rest.length), rest);
        await resumed.leave();
      }
    }
  });

  list.it(
    "tells of a gap after a position the log does not reach back to, and goes on",
    async (rig) => {
      const { store, ctx } = rig;
      const [old] = await positions(rig, ["a"]);
      for (let i = 0; i < 5000; i++) await store.set(ctx, "b", i);
      const watching = new Watching(store.watch(ctx, "*", { after: old as string }));
      const [gap] = await watching.take(1);
      assert.deepEqual(Object.keys(gap ?? {}), ["type", "position"]);
      assert.equal(gap?.type, "gap");
      await store.set(ctx, "c", 1);
      assert.deepEqual(brief(await watching.take(1)), ["set c"]);
      await watching.leave();
    },
    { changes: { retain: { count: 10, age: "1s" } } },
  );

  list.it("tells of a gap after a position that never was", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    const watching = new Watching(store.watch(ctx, "*", { after: "1.neverissued" }));
    assert.deepEqual(brief(await watching.take(1)), ["gap"]);
    await watching.leave();
  });

  for (const after of ["", "x", "1", "1.a+", "1.a+x", "-1.a", "1.a b", 5, null, {}]) {
    list.it(`takes ${JSON.stringify(after)} for a position for a mistake`, async ({ store, ctx }) => {
      const changes = () => new Watching(store.watch(ctx, "*", { after: after as string })).pending;
      await misuses(changes, /after must be the position of an earlier change/);
    });
  }

  list.it("takes an unknown option for a mistake", async ({ store, ctx }) => {
    const wrong = { since: "1.a" } as object;
    await misuses(() => new Watching(store.watch(ctx, "*", wrong)).pending, /unknown watch option "since"/);
  });
}

function endCases(list: StorageCaseList): void {
  list.it("ends a waiting next at once when it is left", async (rig) => {
    const { store, ctx } = rig;
    const watching = await Watching.of(rig, store.watch(ctx));
    const { pending } = watching;
    await watching.leave();
    assert.deepEqual(await pending, { done: true, value: undefined });
  });

  list.it("stays ended", async ({ store, ctx }) => {
    const changes = store.watch(ctx)[Symbol.asyncIterator]();
    await changes.return?.();
    assert.deepEqual(await changes.next(), { done: true, value: undefined });
    assert.deepEqual(await changes.return?.(), { done: true, value: undefined });
  });

  list.it("is left by a break out of for await", async ({ store, ctx }) => {
    let isLeft = false;
    // However long it takes to begin watching.
    const writing = (async () => {
      for (let i = 0; !isLeft; i++) {
        await store.set(ctx, "a", i);
        await new Promise(setImmediate);
      }
    })();
    for await (const change of store.watch(ctx)) {
      assert.equal(change.key, "a");
      break;
    }
    isLeft = true;
    await writing;
  });

  list.it("rejects a waiting next when its context is cancelled", async (rig) => {
    const { store, ctx } = rig;
    const [own, cancel] = withCancel(ctx);
    const watching = await Watching.of(rig, store.watch(own));
    cancel();
    await rejects(() => watching.pending, { reason: "cancelled", code: 5001, operation: "watch" });
  });

  list.it("rejects a waiting next at the deadline of its context", async (rig) => {
    const [own] = withTimeout(rig.ctx, "5s");
    const watching = await Watching.of(rig, rig.store.watch(own));
    const rejected = rejects(() => watching.pending, { reason: "timeout", code: 5001, operation: "watch" });
    await rig.pass(5000);
    await rejected;
  });

  // A server's wait does not end earlier because the store's clock is moved.
  if (list.harness.time !== "real") longCase(list);

  list.it("rejects a waiting next with closed when the store stops", async (rig) => {
    const { store, ctx } = rig;
    const watchers: Storage[] = [store, store.namespace("n")];
    const waiting: Watching[] = [];
    for (const space of watchers) waiting.push(await Watching.of(rig, space.watch(ctx)));
    const rejected = waiting.map((watching) =>
      rejects(() => watching.pending, { reason: "closed", code: 5001, operation: "watch" }),
    );
    await rig.ended(store.stop(ctx));
    await Promise.all(rejected);
  });
}

function longCase(list: StorageCaseList): void {
  list.it("waits for longer than any one wait of the backend", async (rig) => {
    const watching = await Watching.of(rig, rig.store.watch(rig.ctx));
    await rig.pass(100_000);
    await rig.store.set(rig.ctx, "a", 1);
    assert.deepEqual(brief(await watching.take(1)), ["set a"]);
    await watching.leave();
  });
}
