import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { redisHarness } from "../../support/redis-harness.js";
import { redisServer } from "../../support/servers/redis-server.js";

describe("redis", () => {
  let url = "";

  before(async function () {
    const server = await redisServer();
    if (server === undefined) missing(this, "redis-server");
    else url = server.url;
  });

  const harness = redisHarness(() => ({ url }), "redis");
  describeBackend(harness, { describe, it });
  describeBackendModel(harness, { describe, it }, fc, { runs: 20 });
});
