import assert from "node:assert/strict";
import { withCancel, withTimeout } from "../../core/context.js";
import { StorageError } from "../../core/errors.js";
import { misuses, rejection, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** `transact`: results, errors as they were thrown, retries, and work that ends its transaction itself. */
export function transactCases(list: StorageCaseList): void {
  list.topic("transact", () => {
    resultCases(list);
    throwCases(list);
    retryCases(list);
    ownEndCases(list);
  });
}

function resultCases(list: StorageCaseList): void {
  list.it("commits, and resolves with what the work gave", async ({ store, ctx }) => {
    const result = {};
    assert.equal(await store.transact(ctx, async (tx) => tx.set("a", 1).then(() => result)), result);
    assert.equal(await store.get(ctx, "a"), 1);
    assert.equal(await store.transact(ctx, () => undefined), undefined);
  });

  list.it("takes work that gives no promise", async ({ store, ctx }) => {
    assert.equal(await store.transact(ctx, (tx) => tx.state), "active");
  });

  for (const work of [undefined, null, "work", {}] as unknown[]) {
    list.it(`takes ${JSON.stringify(work)} for work for a mistake`, async ({ store, ctx }) => {
      await misuses(() => store.transact(ctx, work as () => void), /transact takes a function/);
    });
  }

  for (const maxAttempts of [0, -1, 1.5, Number.NaN, "3"]) {
    list.it(`takes ${JSON.stringify(maxAttempts)} attempts for a mistake`, async ({ store, ctx }) => {
      const options = { maxAttempts: maxAttempts as number };
      await misuses(() => store.transact(ctx, () => 1, options), /maxAttempts must be a whole number/);
    });
  }

  list.it("leaves no transaction open, however it ends", async ({ store, ctx }) => {
    await store.transact(ctx, (tx) => tx.set("a", 1));
    await rejection(() => store.transact(ctx, () => Promise.reject(new Error("no"))));
    assert.equal((await store.info(ctx)).openTransactions, 0);
  });
}

const THROWN: readonly [title: string, thrown: unknown][] = [
  ["an Error", new Error("mine")],
  ["a TypeError", new TypeError("mine")],
  ["text", "mine"],
  ["undefined", undefined],
  ["null", null],
  ["0", 0],
  ["an object", { mine: true }],
];

function throwCases(list: StorageCaseList): void {
  for (const [title, thrown] of THROWN) {
    list.it(`passes ${title} on as it was thrown, and applies nothing`, async ({ store, ctx }) => {
      await store.set(ctx, "a", "before");
      for (const fail of [
        () => {
          throw thrown;
        },
        async () => {
          throw thrown;
        },
      ]) {
        const error = await rejection(() =>
          store.transact(ctx, async (tx) => {
            await tx.get("a");
            await tx.setBatch({ a: "after", b: 1 });
            return fail();
          }),
        );
        assert.equal(error, thrown);
      }
      assert.deepEqual(await store.find(ctx, "*"), new Map([["a", "before"]]));
    });
  }

  list.it("passes a StorageError of the work's own calls on", async ({ store, ctx }) => {
    let own: unknown;
    const error = await rejection(() =>
      store.transact(ctx, async (tx) => {
        own = await rejection(() => tx.get("absent"));
        throw own;
      }),
    );
    assert.ok(error instanceof StorageError);
    assert.equal(error, own);
    assert.equal(error.operation, "transaction.get");
  });

  list.it("changes nothing when the balance is too little", async ({ store, ctx }) => {
    await store.setBatch(ctx, { alice: 10, bob: 0 });
    const transfer = (amount: number) =>
      store.transact(ctx, async (tx) => {
        await tx.set("bob", (await tx.get<number>("bob")) + amount);
        const left = (await tx.get<number>("alice")) - amount;
        if (left < 0) throw new RangeError("too little");
        await tx.set("alice", left);
      });
    assert.ok((await rejection(() => transfer(11))) instanceof RangeError);
    assert.deepEqual(
      await store.find(ctx, "*"),
      new Map([
        ["alice", 10],
        ["bob", 0],
      ]),
    );
    await transfer(10);
    assert.deepEqual(
      await store.find(ctx, "*"),
      new Map([
        ["alice", 0],
        ["bob", 10],
      ]),
    );
  });

  list.it("takes an error from a state that never was for a conflict", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    let tries = 0;
    await store.transact(ctx, async (tx) => {
      tries += 1;
      const a = await tx.get("a");
      if (tries === 1) await store.setBatch(ctx, { a: 2, b: 2 });
      if ((await tx.get("b")) !== a) throw new Error("torn");
      await tx.set("seen", a);
    });
    assert.equal(tries, 2);
    assert.equal(await store.get(ctx, "seen"), 2);
  });
}

/** Work that conflicts in its first `losses` tries. */
function losing({ store, ctx }: StorageRig, losses: number) {
  const tries: number[] = [];
  const run = (options = {}) =>
    store.transact(
      ctx,
      async (tx) => {
        tries.push(tries.length + 1);
        await tx.getOr("contended", 0);
        if (tries.length <= losses) await store.set(ctx, "contended", tries.length);
        await tx.set("done", tries.length);
        return tries.length;
      },
      options,
    );
  return { tries, run };
}

function retryCases(list: StorageCaseList): void {
  list.it("runs again after a conflict, with a transaction of its own", async (rig) => {
    const ids = new Set<string>();
    const result = await rig.store.transact(rig.ctx, async (tx) => {
      ids.add(tx.id);
      await tx.getOr("a", 0);
      if (ids.size === 1) await rig.store.set(rig.ctx, "a", 1);
      await tx.set("b", ids.size);
      return ids.size;
    });
    assert.equal(result, 2);
    assert.equal(await rig.store.get(rig.ctx, "b"), 2);
  });

  list.it("retries up to 16 times by default", async (rig) => {
    const { tries, run } = losing(rig, 15);
    assert.equal(await rig.ended(run()), 16);
    assert.equal(tries.length, 16);
  });

  list.it("rejects with the conflict after the last try", async (rig) => {
    const { tries, run } = losing(rig, Infinity);
    const expected = {
      reason: "conflict",
      code: 5002,
      retryable: true,
      operation: "transact",
      key: "contended",
    } as const;
    await rejects(() => rig.ended(run({ maxAttempts: 3 })), expected);
    assert.equal(tries.length, 3);
    assert.equal(await rig.store.exists(rig.ctx, "done"), false);
  });

  list.it("tries once with one attempt", async (rig) => {
    const { tries, run } = losing(rig, 1);
    await rejects(() => run({ maxAttempts: 1 }), "conflict");
    assert.equal(tries.length, 1);
  });

  list.it(
    "takes its attempts from the configuration",
    async (rig) => {
      const { tries, run } = losing(rig, Infinity);
      await rejects(() => rig.ended(run()), "conflict");
      assert.equal(tries.length, 2);
    },
    { transaction: { max_attempts: 2 } },
  );

  list.it("does not retry what may have happened", async ({ store, ctx, faults }) => {
    let tries = 0;
    faults.chances = { seed: 1, unknownApplied: 1 };
    const call = () =>
      store.transact(ctx, async (tx) => {
        tries += 1;
        await tx.set("a", tries);
      });
    await rejects(call, { reason: "unavailable", outcome: "unknown", code: 5002, operation: "transact" });
    faults.chances = { seed: 1 };
    assert.equal(tries, 1);
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("stops waiting for its next try when its context is cancelled", async (rig) => {
    const [ctx, cancel] = withCancel(rig.ctx);
    let tries = 0;
    const call = rig.store.transact(ctx, async (tx) => {
      await tx.getOr("a", 0);
      await rig.store.set(rig.ctx, "a", tries);
      await tx.set("b", 1);
      tries += 1;
    });
    call.catch(() => undefined);
    while (tries < 2) await new Promise(setImmediate);
    cancel();
    await rejects(() => rig.ended(call), { reason: "cancelled", code: 5002 });
    assert.equal(await rig.store.exists(rig.ctx, "b"), false);
  });

  list.it("gives each try the timeout, and ends at it without another", async (rig) => {
    let tries = 0;
    const call = rig.store.transact(
      rig.ctx,
      async (tx) => {
        tries += 1;
        await tx.set("a", 1);
        await rig.pass(1000);
      },
      { timeout: "1s" },
    );
    await rejects(() => call, { reason: "timeout", code: 5002 });
    assert.equal(tries, 1);
    assert.equal(await rig.store.exists(rig.ctx, "a"), false);
  });

  list.it("ends at the deadline of its context", async (rig) => {
    const [ctx] = withTimeout(rig.ctx, "1s");
    const call = rig.store.transact(ctx, async (tx) => {
      await tx.set("a", 1);
      await rig.pass(1000);
    });
    await rejects(() => call, { reason: "timeout", code: 5002 });
    assert.equal(await rig.store.exists(rig.ctx, "a"), false);
  });
}

function ownEndCases(list: StorageCaseList): void {
  list.it("takes a commit by the work itself for the end", async ({ store, ctx }) => {
    const result = await store.transact(ctx, async (tx) => {
      await tx.set("a", 1);
      await tx.commit();
      return tx.state;
    });
    assert.equal(result, "committed");
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("takes a rollback by the work itself for the end", async ({ store, ctx }) => {
    const result = await store.transact(ctx, async (tx) => {
      await tx.set("a", 1);
      await tx.rollback();
      return "left";
    });
    assert.equal(result, "left");
    assert.equal(await store.exists(ctx, "a"), false);
  });

  for (const swallow of [false, true]) {
    list.it(
      `retries when the work's own commit conflicts${swallow ? ", though it caught that" : ""}`,
      async (rig) => {
        const { store, ctx } = rig;
        let tries = 0;
        const result = await store.transact(ctx, async (tx) => {
          tries += 1;
          await tx.getOr("a", 0);
          if (tries === 1) await store.set(ctx, "a", 1);
          await tx.set("b", tries);
          await (swallow ? tx.commit().catch(() => undefined) : tx.commit());
          return tries;
        });
        assert.equal(result, 2);
        assert.equal(await store.get(ctx, "b"), 2);
      },
    );
  }

  list.it("keeps what the work did through the plain store", async ({ store, ctx }) => {
    await rejection(() =>
      store.transact(ctx, async (tx) => {
        await tx.set("inside", 1);
        await store.set(ctx, "outside", 1);
        throw new Error("no");
      }),
    );
    assert.deepEqual(await store.keys(ctx), ["outside"]);
  });

  list.it("can be nested, each transaction by itself", async ({ store, ctx }) => {
    const sum = await store.transact(ctx, async (tx) => {
      await tx.set("outer", 1);
      return (
        1 +
        (await store.transact(ctx, async (inner) => {
          assert.equal(await inner.exists("outer"), false);
          await inner.set("inner", 1);
          return 1;
        }))
      );
    });
    assert.equal(sum, 2);
    assert.deepEqual(await store.keys(ctx), ["inner", "outer"]);
  });

  list.it("does not wait for ever for a turn that its own caller holds", async (rig) => {
    const { store, ctx } = rig;
    const tries = { outer: 0, inner: 0 };
    const nested = () =>
      store.transact(ctx, async (tx) => {
        tries.inner += 1;
        await tx.getOr("n", 0);
        if (tries.inner === 1) await store.set(ctx, "n", "inner");
        await tx.set("m", tries.inner);
      });
    const call = store.transact(ctx, async (tx) => {
      tries.outer += 1;
      await tx.getOr("n", 0);
      // The first try loses over "n"; the second has the turn on it, and so has the work inside to wait.
      if (tries.outer === 1) await store.set(ctx, "n", "outer");
      else await nested();
      await tx.set("done", true);
    });
    await rig.ended(call);
    assert.deepEqual(
      await store.getBatch(ctx, ["n", "done"]),
      new Map<string, unknown>([
        ["n", "inner"],
        ["done", true],
      ]),
    );
    assert.deepEqual(tries, { outer: 3, inner: 3 });
  });
}
