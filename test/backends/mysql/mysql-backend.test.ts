import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { MYSQL } from "../../support/mysql-harness.js";
import { sqlHarness } from "../../support/sql-harness.js";

describe("mysql", () => {
  before(async function () {
    if ((await MYSQL.server()) === undefined) missing(this, "MariaDB");
  });

  describeBackend(sqlHarness(MYSQL), { describe, it });
  describeBackendModel(sqlHarness(MYSQL), { describe, it }, fc, { runs: 20 });
});
