import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { redisHarness } from "../../support/redis-harness.js";
import { redisCluster } from "../../support/servers/redis-cluster.js";

describe("redis cluster", function () {
  let cluster: readonly string[] = [];

  before(async function () {
    this.timeout(60_000);
    const servers = await redisCluster();
    if (servers === undefined) missing(this, "redis-server");
    else cluster = servers.addresses;
  });

  const harness = redisHarness(() => ({ cluster }), "redis cluster");
  describeBackend(harness, { describe, it });
  describeBackendModel(harness, { describe, it }, fc, { runs: 20 });
});
