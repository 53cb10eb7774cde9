import assert from "node:assert/strict";
import { namespaceKeys } from "../../../src/backends/redis/namespace-keys.js";
import { background, openStorage, StorageError, withCancel } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import { masterOf } from "../../support/servers/move-slot.js";
import {
  startRedisCluster,
  type ClusterNode,
  type RedisClusterServers,
} from "../../support/servers/redis-cluster.js";

const ctx = background();

describe("a cluster of redis with a master that does not answer", function () {
  this.timeout(120_000);
  let cluster: RedisClusterServers;

  before(async function () {
    // Beyond the test: the others must not take it for dead, and refuse everybody.
    const args = ["--cluster-node-timeout", "60000", "--cluster-require-full-coverage", "no"];
    const started = await startRedisCluster({ args });
    if (started === undefined) return missing(this, "redis-server");
    cluster = started;
  });

  after(async () => cluster?.stop());

  const masterWith = async (prefix: string, namespace: string): Promise<ClusterNode> => {
    const [node] = cluster.masters as readonly [ClusterNode];
    const slot = await node.ask("CLUSTER", "KEYSLOT", namespaceKeys(prefix, namespace).meta);
    return await masterOf(cluster, Number(slot));
  };

  it("holds up the namespaces that lie there, and commits to no others", async () => {
    const prefix = ownPrefix();
    const storage = await openStorage({
      backend: "redis",
      operation_timeout: "20s",
      redis: { cluster: [...cluster.addresses], prefix },
    });
    const stopped = await masterWith(prefix, "silent");
    const others: string[] = [];
    for (let i = 0; others.length < 2; i++) {
      if ((await masterWith(prefix, `other${i}`)) !== stopped) others.push(`other${i}`);
    }
    const spaces = others.map((name) => storage.namespace(name));
    const silent = storage.namespace("silent");
    for (const space of [silent, ...spaces]) await space.set(ctx, "warm", 1);

    stopped.process.signal("SIGSTOP");
    try {
      let isStuck = true;
      const [waiting, giveUp] = withCancel(ctx);
      const failed = silent.set(waiting, "stuck", 1).then(
        () => assert.fail("nobody has answered it"),
        (error: unknown) => {
          isStuck = false;
          assert.ok(error instanceof StorageError, String(error));
          assert.equal(error.reason, "cancelled");
        },
      );
      // Also those of one step with it.
      await Promise.all(spaces.map((space) => space.set(ctx, "at-once", 1)));
      for (let i = 0; i < 20; i++) for (const space of spaces) await space.set(ctx, `key${i}`, i);
      assert.ok(isStuck, "42 commits to healthy masters waited for the one that does not answer");
      giveUp();
      await failed;
    } finally {
      stopped.process.signal("SIGCONT");
    }
    await silent.set(ctx, "after", 1);
    for (const space of spaces) assert.equal(await space.count(ctx, "*"), 22);
    await storage.stop();
  });
});
