import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { namespaceKeys } from "../../../src/backends/redis/namespace-keys.js";
import { background, openStorage, withCancel } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import {
  startRedisCluster,
  type ClusterNode,
  type RedisClusterServers,
} from "../../support/servers/redis-cluster.js";

const ctx = background();

describe("listening to a cluster of redis", function () {
  this.timeout(120_000);
  let cluster: RedisClusterServers;

  before(async function () {
    const started = await startRedisCluster({ replicas: 1 });
    if (started === undefined) return missing(this, "redis-server");
    cluster = started;
  });

  after(async () => cluster?.stop());

  it("is done at one node, and at another after that one was killed", async () => {
    const prefix = ownPrefix();
    const channel = namespaceKeys(prefix, "").channel;
    const storage = await openStorage({
      backend: "redis",
      redis: { cluster: [...cluster.addresses], prefix },
      cache: { max_entries: 0 },
    });
    const nodes = [...cluster.masters, ...cluster.replicas];
    assert.deepEqual(await listenedTo(nodes, channel), [], "nobody watches yet");

    const [following, stop] = withCancel(ctx);
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { key } of storage.watch(following, "*")) seen.push(key as string);
    })().catch((error: unknown) => assert.ok(following.err() !== undefined, String(error)));
    const first = await theOne(nodes, channel);

    await first.process.stop("SIGKILL");
    const others = nodes.filter((node) => node !== first);
    const second = await theOne(others, channel);
    assert.notEqual(second, first);
    await untilDone(() => storage.set(ctx, "after", 1));
    const heardBy = performance.now() + 15_000;
    while (!seen.includes("after")) {
      assert.ok(performance.now() < heardBy, "the watcher hears of what is written afterwards");
      await delay(20);
    }
    stop();
    await watching;
    await storage.stop();
  });
});

async function listenedTo(nodes: readonly ClusterNode[], channel: string): Promise<ClusterNode[]> {
  const counts = await Promise.all(
    nodes.map(async ({ ask }) => (await ask("PUBSUB", "NUMSUB", channel)) as [string, unknown]),
  );
  assert.ok(counts.every(([, count]) => Number(count) <= 1));
  return nodes.filter((_, i) => Number(counts[i]?.[1]) === 1);
}

/** The node that is listened to, as soon as there is exactly one. */
async function theOne(nodes: readonly ClusterNode[], channel: string): Promise<ClusterNode> {
  for (const giveUpAt = performance.now() + 30_000; performance.now() < giveUpAt; await delay(50)) {
    const found = await listenedTo(nodes, channel);
    assert.ok(found.length <= 1, "one process listens to one node");
    if (found[0] !== undefined) return found[0];
  }
  throw new Error("no node is listened to");
}

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (const giveUpAt = performance.now() + 60_000; ; await delay(50)) {
    try {
      await work();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
  }
}
