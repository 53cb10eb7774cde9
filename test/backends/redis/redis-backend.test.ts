import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import type { RedisOptionsInput } from "../../../src/backends/redis/redis-options.js";
import { redisHarness } from "../../support/redis-harness.js";
import { redisServer } from "../../support/servers/redis-server.js";

describe("redis", () => {
  let url = "";
  let nearby: RedisOptionsInput | undefined;

  before(async function () {
    const server = await redisServer();
    if (server === undefined) missing(this, "redis-server");
    else ({ url, nearby } = server);
  });

  describeBackend(
    redisHarness(() => nearby ?? { url }, "redis"),
    { describe, it },
  );
  describeBackendModel(
    redisHarness(() => ({ url }), "redis"),
    { describe, it },
    fc,
    { runs: 20 },
  );
});
