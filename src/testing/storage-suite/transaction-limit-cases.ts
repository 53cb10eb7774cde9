import assert from "node:assert/strict";
import { withCancel, withTimeout } from "../../core/context.js";
import { TRANSACTION_CALLS } from "./public-calls.js";
import { misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** How long transactions live, how many there may be, and that none of them leaks. */
export function transactionLimitCases(list: StorageCaseList): void {
  list.topic("limits of transactions", () => {
    timeoutCases(list);
    limitCases(list);
  });
}

function timeoutCases(list: StorageCaseList): void {
  list.it("is aborted at its timeout, and says so to every call", async (rig) => {
    const tx = await rig.store.beginTransaction(rig.ctx, { timeout: "5s" });
    await tx.set("a", 1);
    await rig.pass(4999);
    assert.equal(tx.state, "active");
    await rig.pass(1);
    for (const { operation, run } of TRANSACTION_CALLS) {
      await rejects(() => run(tx, "a"), { reason: "timeout", operation: `transaction.${operation}` });
    }
    assert.equal(tx.state, "aborted");
    await tx.rollback();
    assert.equal(await rig.store.exists(rig.ctx, "a"), false);
  });

  list.it("says whose time was over: its own, or that of the context it began with", async (rig) => {
    const [brief, cancel] = withTimeout(rig.ctx, "2s");
    const own = await rig.store.beginTransaction(rig.ctx, { timeout: "2s" });
    const callers = await rig.store.beginTransaction(brief, { timeout: "5s" });
    await rig.pass(2000);
    const [long, late] = [
      await rejects(() => own.get("a"), "timeout"),
      await rejects(() => callers.get("a"), "timeout"),
    ];
    assert.match(long.message, /open longer than its timeout of 2000 ms/);
    assert.match(late.message, /the context's deadline has passed/);
    cancel();
  });

  list.it("takes 30 seconds unless told otherwise", async (rig) => {
    const tx = await rig.store.beginTransaction(rig.ctx);
    await rig.pass(29_999);
    await tx.set("a", 1);
    await rig.pass(1);
    await rejects(() => tx.commit(), { reason: "timeout", code: 5002 });
  });

  list.it(
    "takes its timeout from the configuration",
    async (rig) => {
      const tx = await rig.store.beginTransaction(rig.ctx);
      await rig.pass(100);
      await rejects(() => tx.get("a"), "timeout");
    },
    { transaction: { timeout: 100 } },
  );

  list.it("frees what it held once its time is over, without being touched", async (rig) => {
    for (let i = 0; i < 5; i++) {
      const tx = await rig.store.beginTransaction(rig.ctx, { timeout: "2s" });
      await tx.set("a", i);
    }
    assert.equal((await rig.store.info(rig.ctx)).openTransactions, 5);
    await rig.pass(4000);
    assert.equal((await rig.store.info(rig.ctx)).openTransactions, 0);
  });

  list.it("is aborted with the context it began with", async ({ store, ctx }) => {
    const [own, cancel] = withCancel(ctx);
    const tx = await store.beginTransaction(own);
    await tx.set("a", 1);
    cancel();
    const error = await rejects(() => tx.commit(), { reason: "cancelled", code: 5002, outcome: undefined });
    assert.match(error.message, /aborted/);
    assert.equal(tx.state, "aborted");
    assert.equal(await store.exists(ctx, "a"), false);
  });

  for (const timeout of [-1, 0, "0s", "soon", Number.NaN, null]) {
    list.it(`refuses the timeout ${String(timeout)}`, async ({ store, ctx }) => {
      const wrong = { timeout: timeout as number };
      for (const call of [
        () => store.beginTransaction(ctx, wrong),
        () => store.transact(ctx, () => 1, wrong),
      ]) {
        const error = await rejects(call, { reason: "invalid-ttl", code: 5002 });
        assert.match(error.message, /failed: timeout: .* is not a duration above 0; /);
      }
    });
  }

  list.it("takes an unknown option for a mistake", async ({ store, ctx }) => {
    const wrong = { timout: "1s" } as object;
    await misuses(() => store.beginTransaction(ctx, wrong), /unknown transaction option "timout"/);
    await misuses(() => store.transact(ctx, () => 1, wrong), /unknown transact option "timout"/);
    await misuses(() => store.beginTransaction(ctx, 5 as unknown as object), /options must be an object/);
  });
}

function limitCases(list: StorageCaseList): void {
  const settings = { transaction: { max_open: 3 } };
  list.it(
    "opens no more than the limit, and again when one has ended",
    async ({ store, ctx }) => {
      const open = await Promise.all([1, 2, 3].map(() => store.beginTransaction(ctx)));
      const expected = { reason: "busy", code: 5002, retryable: true } as const;
      await rejects(() => store.beginTransaction(ctx), { ...expected, operation: "beginTransaction" });
      await rejects(() => store.transact(ctx, () => 1), { ...expected, operation: "transact" });
      await open[0]?.rollback();
      await open[1]?.commit();
      const next = await store.beginTransaction(ctx);
      await next.rollback();
      assert.equal(await store.transact(ctx, () => 1), 1);
      await open[2]?.rollback();
      assert.equal((await store.info(ctx)).openTransactions, 0);
    },
    settings,
  );

  list.it(
    "does not count abandoned ones for longer than their time",
    async (rig) => {
      for (let i = 0; i < 3; i++) await rig.store.beginTransaction(rig.ctx, { timeout: "1s" });
      await rejects(() => rig.store.beginTransaction(rig.ctx), "busy");
      await rig.pass(2000);
      const tx = await rig.store.beginTransaction(rig.ctx);
      await tx.rollback();
    },
    settings,
  );

  list.it(
    "does not keep those that failed to commit open",
    async ({ store, ctx, faults }) => {
      for (let i = 0; i < 4; i++) {
        const tx = await store.beginTransaction(ctx);
        await tx.set("a", i);
        faults.chances = { seed: 1, refusal: 1 };
        await rejects(() => tx.commit(), { reason: "unavailable", code: 5002 });
        faults.chances = { seed: 1 };
        assert.equal(tx.state, "aborted");
      }
      assert.equal((await store.info(ctx)).openTransactions, 0);
    },
    settings,
  );
}
