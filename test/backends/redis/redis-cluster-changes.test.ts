import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { namespaceKeys } from "../../../src/backends/redis/namespace-keys.js";
import {
  background,
  openStorage,
  StorageError,
  withCancel,
  withConsistency,
  type Storage,
} from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import { masterOf, moveSlot } from "../../support/servers/move-slot.js";
import { startRedisCluster, type RedisClusterServers } from "../../support/servers/redis-cluster.js";

const ctx = background();
const strong = withConsistency(ctx, "strong");

describe("a cluster of redis that changes", function () {
  this.timeout(120_000);
  let cluster: RedisClusterServers;
  let prefix: string;

  const settings = () => ({ backend: "redis", redis: { cluster: [...cluster.addresses], prefix } });

  /** The slot of the root namespace. */
  const slot = async (): Promise<number> => {
    const [node] = cluster.masters;
    return Number(await node?.ask("CLUSTER", "KEYSLOT", namespaceKeys(prefix, "").meta));
  };

  before(async function () {
    const started = await startRedisCluster({ replicas: 1 });
    if (started === undefined) return missing(this, "redis-server");
    cluster = started;
  });

  beforeEach(() => {
    prefix = ownPrefix();
  });

  after(async () => cluster?.stop());

  it("loses no commit and no change while the slot of a namespace moves to and fro", async () => {
    const storage = await openStorage(settings());
    const other = await openStorage(settings());
    const [following, stop] = withCancel(ctx);
    const seen: unknown[] = [];
    const watching = follow(other, following, seen);
    await storage.set(ctx, "counter", 0);
    const state = { isMoving: true };
    const counting = Promise.all(Array.from({ length: 4 }, () => countWhile(storage, state)));
    const at = await slot();
    for (let i = 0; i < 2; i++) {
      const from = await masterOf(cluster, at);
      const to = cluster.masters.find((node) => node !== from);
      assert.ok(to !== undefined);
      await moveSlot(cluster, at, from, to);
      await delay(300);
    }
    state.isMoving = false;
    const expected = (await counting).reduce((sum, count) => sum + count, 0);
    assert.ok(expected > 20, `${expected} commits`);
    assert.equal(await storage.get(strong, "counter"), expected);
    assert.equal(await other.get(strong, "counter"), expected);
    await until(() => seen.at(-1) === expected, "the watcher sees the last commit");
    stop();
    await watching;
    assert.deepEqual(
      seen.filter((value) => value !== undefined),
      [...seen].filter((value) => value !== undefined).sort((a, b) => Number(a) - Number(b)),
    );
    await storage.stop();
    await other.stop();
  });

  it("goes on after a master is killed, and caches forget what its replica never had", async () => {
    const storage = await openStorage(settings());
    const reader = await openStorage(settings());
    await storage.set(ctx, "kept", 1);
    const master = await masterOf(cluster, await slot());
    assert.equal(Number(await master.ask("WAIT", "1", "5000")), 1);
    const replica = cluster.replicas[cluster.masters.indexOf(master)];
    assert.ok(replica !== undefined);
    // What follows is acknowledged, and never reaches the replica.
    replica.process.signal("SIGSTOP");
    await master.ask("CLIENT", "KILL", "TYPE", "replica");
    await storage.set(ctx, "kept", 2);
    await storage.set(ctx, "lost", 2);
    assert.deepEqual([await reader.get(ctx, "kept"), await reader.get(ctx, "lost")], [2, 2]);
    const before = await reader.getCacheStats(ctx);
    assert.equal(await reader.get(ctx, "lost"), 2);
    assert.equal((await reader.getCacheStats(ctx)).hits, before.hits + 1, "it is cached");

    await master.process.stop("SIGKILL");
    replica.process.signal("SIGCONT");
    const failures: unknown[] = [];
    await untilDone(() => storage.set(ctx, "new", 3), failures);
    for (const failure of failures) {
      assert.ok(failure instanceof StorageError, String(failure));
      assert.ok(failure.retryable || failure.outcome === "unknown", `${failure.reason}: ${failure.message}`);
    }
    assert.equal(await storage.get(strong, "kept"), 1);
    await until(
      async () => (await reader.getOr(ctx, "lost", "gone")) === "gone",
      "the cache forgets what is lost",
    );
    assert.equal(await reader.get(ctx, "kept"), 1);
    assert.equal(await reader.get(ctx, "new"), 3);
    await storage.stop();
    await reader.stop();
  });

  it("is refused with a reason: a wrong password, and nodes that are not there", async () => {
    const open = (redis: object) =>
      openStorage({ backend: "redis", redis }).then((opened) => opened.stop(ctx));
    const [address] = cluster.addresses;
    await assert.rejects(open({ cluster: [`redis://nobody:wrong@${address}`] }), {
      reason: "denied",
      code: 5001,
    });
    await assert.rejects(open({ cluster: ["127.0.0.1:1"] }), { reason: "unavailable" });
  });
});

/** Collects the values of the key `counter`. */
async function follow(storage: Storage, following: typeof ctx, seen: unknown[]): Promise<void> {
  try {
    for await (const change of storage.watch(following, "counter")) {
      assert.equal(change.type, "set");
      seen.push("value" in change ? change.value : undefined);
    }
  } catch (error) {
    assert.ok(following.err() !== undefined, String(error));
  }
}

/** Increments until told to end; how often it did. */
async function countWhile(storage: Storage, state: { readonly isMoving: boolean }): Promise<number> {
  let count = 0;
  while (state.isMoving) {
    await storage.transact(ctx, async (tx) => tx.set("counter", (await tx.get<number>("counter")) + 1), {
      maxAttempts: 1000,
    });
    count += 1;
  }
  return count;
}

async function untilDone(work: () => Promise<unknown>, failures: unknown[]): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; performance.now() < giveUpAt; await delay(50)) {
    try {
      await work();
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, "it was never done");
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const giveUpAt = performance.now() + 15_000; !(await holds()); await delay(20)) {
    assert.ok(performance.now() < giveUpAt, what);
  }
}
