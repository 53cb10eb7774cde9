import assert from "node:assert/strict";
import { backgroundOn, fromSignal, withCancel, withTimeout } from "../../core/context.js";
import { ALL_CALLS } from "./public-calls.js";
import { rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** Contexts: over before a call, ending while it waits, ending while its outcome is open. */
export function contextCases(list: StorageCaseList): void {
  list.topic("contexts", () => {
    for (const call of ALL_CALLS) beforeCases(list, call);
    duringCases(list);
    outcomeCases(list);
  });
}

function beforeCases(list: StorageCaseList, { operation, access, run }: (typeof ALL_CALLS)[number]): void {
  const code = access === "read" ? 5001 : 5002;
  for (const reason of ["cancelled", "timeout"] as const) {
    list.it(`${operation} has no effect when its context is over (${reason})`, async (rig) => {
      const { store, ctx } = rig;
      await store.setBatch(ctx, { key: "kept", fine: "kept" });
      await store.namespace("other").set(ctx, "key", "kept");
      const [over, cancel] = withTimeout(ctx, "1s");
      if (reason === "cancelled") cancel(new Error("enough"));
      else await rig.pass(1000);
      const stats = await store.getCacheStats(ctx);
      await rejects(() => run(store, over, "key"), { reason, code, operation, outcome: undefined });
      assert.deepEqual(await store.getCacheStats(ctx), stats);
      assert.deepEqual(
        await store.find(ctx, "*"),
        new Map([
          ["fine", "kept"],
          ["key", "kept"],
        ]),
      );
      assert.equal(await store.ttl(ctx, "key"), -1);
      assert.equal(await store.namespace("other").size(ctx), 1);
      assert.equal((await store.info(ctx)).openTransactions, 0);
    });
  }
}

function duringCases(list: StorageCaseList): void {
  list.it("gives up a read at its deadline", async (rig) => {
    const { store, ctx, faults } = rig;
    await store.set(ctx, "a", 1);
    await store.clearCache(ctx);
    if (!rig.hasCache) return;
    const held = faults.hold("read", "before");
    const [own] = withTimeout(ctx, "1s");
    const read = rejects(() => store.get(own, "a"), { reason: "timeout", code: 5001, key: "a" });
    await held.reached;
    await rig.pass(1000);
    await read;
    held.release();
  });

  list.it("carries the cause of a cancellation", async ({ store, ctx }) => {
    const [own, cancel] = withCancel(ctx);
    const cause = new Error("enough");
    cancel(cause);
    const error = await rejects(() => store.get(own, "a"), "cancelled");
    assert.equal(error.cause, cause);
  });

  list.it("follows an AbortSignal", async ({ store, ctx }) => {
    const controller = new AbortController();
    const [own] = fromSignal(controller.signal, ctx);
    await store.set(own, "a", 1);
    controller.abort();
    await rejects(() => store.set(own, "a", 2), { reason: "cancelled", code: 5002 });
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("leaves no timer behind after calls with a deadline", async (rig) => {
    const { store, runtime } = rig;
    const [own] = withTimeout(backgroundOn(runtime), "1h");
    const before = runtime.pendingTimers;
    await store.set(own, "a", 1);
    await store.get(own, "a");
    await store.clearCache(own);
    await Promise.all([store.get(own, "a"), store.exists(own, "a")]);
    assert.ok(runtime.pendingTimers <= before + 1, `${runtime.pendingTimers} timers, ${before} before`);
  });
}

function outcomeCases(list: StorageCaseList): void {
  list.it("says that the outcome is unknown when it gives up on a commit under way", async (rig) => {
    const { store, ctx, faults } = rig;
    const held = faults.hold("commit", "before");
    const [own] = withTimeout(ctx, "1s");
    const expected = {
      reason: "timeout",
      code: 5002,
      outcome: "unknown",
      operation: "set",
      key: "a",
    } as const;
    const written = rejects(() => store.set(own, "a", 1), expected);
    await held.reached;
    await rig.pass(1000);
    await written;
    held.release();
    await store.flush(ctx);
  });

  for (const moment of ["at once", "a turn later", "two turns later"] as const) {
    list.it(`never says of a commit that happened that it did not, given up ${moment}`, async (rig) => {
      const { store, ctx } = rig;
      const [own, cancel] = withCancel(ctx);
      const written = store.set(own, "a", 1).then(
        () => "done",
        (error: { outcome?: string }) => error.outcome ?? "not done",
      );
      for (let turn = 0; turn < ["at once", "a turn later", "two turns later"].indexOf(moment); turn++) {
        await new Promise(setImmediate);
      }
      cancel();
      const said = await written;
      await store.flush(ctx);
      const happened = await store.exists(rig.strong, "a");
      if (said !== "unknown") assert.equal(said === "done", happened, said);
    });
  }

  list.it("does not send a commit that was given up while it waited", async (rig) => {
    const { store, ctx, faults } = rig;
    const held = faults.hold("commit", "before");
    const first = store.set(ctx, "a", "first");
    await held.reached;
    const [own, cancel] = withCancel(ctx);
    const waiting = rejects(() => store.set(own, "a", "second"), { reason: "cancelled", outcome: undefined });
    cancel();
    await waiting;
    held.release();
    await first;
    await store.flush(ctx);
    assert.equal(await store.get(ctx, "a"), "first");
  });

  list.it("says of a transaction given up in its commit that the outcome is unknown", async (rig) => {
    const { store, ctx, faults } = rig;
    const [own, cancel] = withCancel(ctx);
    const tx = await store.beginTransaction(own);
    await tx.set("a", 1);
    const held = faults.hold("commit", "after");
    const expected = {
      reason: "cancelled",
      outcome: "unknown",
      operation: "transaction.commit",
      code: 5002,
    } as const;
    const committed = rejects(() => tx.commit(), expected);
    await held.reached;
    cancel();
    await committed;
    assert.equal(tx.state, "aborted");
    held.release();
    await store.flush(ctx);
    assert.equal(await store.get(ctx, "a"), 1);
  });
}
