import { expect } from "chai";
import fc from "fast-check";
import { openStorage } from "../../../src/index.js";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { redisHarness } from "../../support/redis-harness.js";
import { messageOf, refusalToOpen } from "../../support/refusal.js";
import { redisCluster } from "../../support/servers/redis-cluster.js";

describe("redis cluster", function () {
  let cluster: readonly string[] = [];

  before(async function () {
    this.timeout(60_000);
    const servers = await redisCluster();
    if (servers === undefined) missing(this, "redis-server");
    else cluster = servers.addresses;
  });

  it("is refused as a single server, whichever node is asked", async () => {
    for (const address of cluster) {
      const settings = { backend: "redis", redis: { url: `redis://${address}` } };
      expect(await refusalToOpen(settings)).to.deep.equal({ code: 5001, reason: "unsupported" });
      expect(await messageOf(openStorage(settings))).to.match(
        /this is a node of a cluster; set redis\.cluster: true$/,
      );
      const storage = await openStorage({ ...settings, redis: { ...settings.redis, cluster: true } });
      await storage.stop();
    }
  });

  const harness = redisHarness(() => ({ cluster }), "redis cluster");
  describeBackend(harness, { describe, it });
  describeBackendModel(harness, { describe, it }, fc, { runs: 20 });
});
