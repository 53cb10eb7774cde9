import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { postgresHarness } from "../../support/postgres-harness.js";
import { postgresServer } from "../../support/servers/postgres-server.js";

describe("postgres", () => {
  before(async function () {
    if ((await postgresServer()) === undefined) missing(this, "PostgreSQL");
  });

  describeBackend(postgresHarness(postgresServer), { describe, it });
  describeBackendModel(postgresHarness(postgresServer), { describe, it }, fc, { runs: 20 });
});
