import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { POSTGRES } from "../../support/postgres-harness.js";
import { sqlHarness } from "../../support/sql-harness.js";
import { TableShelf } from "../../support/table-shelf.js";

describe("postgres", () => {
  before(async function () {
    if ((await POSTGRES.server()) === undefined) missing(this, "PostgreSQL");
  });

  const shelf = new TableShelf(POSTGRES);
  after(() => shelf.clear());

  describeBackend(sqlHarness(POSTGRES, shelf, "thrifty"), { describe, it });
  describeBackendModel(sqlHarness(POSTGRES, shelf), { describe, it }, fc, { runs: 20 });
});
