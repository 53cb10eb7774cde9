import assert from "node:assert/strict";
import { rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** What was read may not be kept once it has changed. */
export function cacheTruthCases(list: StorageCaseList): void {
  list.it(
    "does not keep what a read brings after the key has changed",
    async ({ store, ctx, strong, faults }) => {
      await store.set(ctx, "a", "old");
      await store.clearCache(ctx);
      const held = faults.hold("read", "after");
      const early = store.get(ctx, "a");
      await held.reached;
      await store.set(ctx, "a", "new");
      held.release();
      assert.equal(await early, "old", "it began before the change");
      assert.equal(await store.get(ctx, "a"), "new");
      assert.equal(await store.get(strong, "a"), "new");
    },
  );

  for (const [change, act] of CHANGES) {
    list.it(`does not keep what a read of many brings after ${change}`, async (rig) => {
      const { store, ctx, faults } = rig;
      await store.setBatch(ctx, { a: 1, b: 2 });
      await store.clearCache(ctx);
      const held = faults.hold("read", "after");
      const early = store.getBatch(ctx, ["a", "b"]);
      await held.reached;
      await act(rig);
      held.release();
      assert.deepEqual(
        await early,
        new Map([
          ["a", 1],
          ["b", 2],
        ]),
      );
      assert.deepEqual(await store.getBatch(ctx, ["a", "b"]), await store.getBatch(rig.strong, ["a", "b"]));
    });
  }

  list.it(
    "believes neither value after a commit whose outcome is unknown",
    async ({ store, ctx, strong, faults }) => {
      for (const fault of ["unknownApplied", "unknownLost"] as const) {
        await store.set(ctx, "a", "before");
        faults.chances = { seed: 1, [fault]: 1 };
        await rejects(() => store.set(ctx, "a", "after"), {
          reason: "unavailable",
          outcome: "unknown",
          code: 5002,
        });
        faults.chances = { seed: 1 };
        assert.equal(await store.get(ctx, "a"), fault === "unknownApplied" ? "after" : "before");
        assert.equal(await store.get(strong, "a"), await store.get(ctx, "a"));
      }
    },
  );
}

const CHANGES: readonly [change: string, act: (rig: StorageRig) => Promise<unknown>][] = [
  ["a batch was set", ({ store, ctx }) => store.setBatch(ctx, { a: 3, b: 4 })],
  ["a key was deleted", ({ store, ctx }) => store.delete(ctx, "a")],
  ["the namespace was cleared", ({ store, ctx }) => store.clear(ctx)],
  ["a transaction committed", ({ store, ctx }) => store.transact(ctx, (tx) => tx.set("b", 5))],
  ["the cache was cleared", ({ store, ctx }) => store.clearCache(ctx)],
  ["a ttl was given", ({ store, ctx }) => store.expire(ctx, "a", "1h")],
];
