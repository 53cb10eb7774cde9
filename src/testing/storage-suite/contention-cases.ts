import assert from "node:assert/strict";
import type { StorageCaseList } from "./storage-case-list.js";

/** Many transactions at once over few keys: none lost, none applied twice. */
export function contentionCases(list: StorageCaseList): void {
  list.topic("contention", () => loadCases(list));
}

function loadCases(list: StorageCaseList): void {
  list.it("counts to 400 with 8 tasks that increment one key", async (rig) => {
    const { store, ctx } = rig;
    const increment = () =>
      store.transact(ctx, async (tx) => tx.set("n", (await tx.getOr<number>("n", 0)) + 1), {
        maxAttempts: 1000,
      });
    const task = async () => {
      for (let i = 0; i < 50; i++) await increment();
    };
    await rig.ended(Promise.all(Array.from({ length: 8 }, task)));
    assert.equal(await store.get(ctx, "n"), 400);
    assert.equal((await store.info(ctx)).openTransactions, 0);
  });

  list.it("moves money between accounts without making or losing any", async (rig) => {
    const { store, ctx } = rig;
    const accounts = ["a", "b", "c", "d"];
    await store.setBatch(ctx, new Map(accounts.map((name) => [name, 100])));
    const transfer = (from: string, to: string, amount: number) =>
      store.transact(
        ctx,
        async (tx) => {
          const balances = await tx.getBatch<number>([from, to]);
          await tx.set(from, (balances.get(from) ?? 0) - amount);
          await tx.set(to, (balances.get(to) ?? 0) + amount);
        },
        { maxAttempts: 1000 },
      );
    const calls = Array.from({ length: 100 }, (_, i) => {
      const from = accounts[i % 4] as string;
      const to = accounts[(i + 1 + (i % 3)) % 4] as string;
      return transfer(from, to, i % 7);
    });
    await rig.ended(Promise.all(calls));
    const balances = await store.getBatch<number>(ctx, accounts);
    assert.equal(
      [...balances.values()].reduce((sum, balance) => sum + balance, 0),
      400,
    );
  });
}
