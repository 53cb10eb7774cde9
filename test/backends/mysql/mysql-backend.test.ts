import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { MYSQL } from "../../support/mysql-harness.js";
import { sqlHarness } from "../../support/sql-harness.js";
import { TableShelf } from "../../support/table-shelf.js";

describe("mysql", () => {
  before(async function () {
    if ((await MYSQL.server()) === undefined) missing(this, "MariaDB");
  });

  const shelf = new TableShelf(MYSQL);
  after(() => shelf.clear());

  describeBackend(sqlHarness(MYSQL, shelf, "thrifty"), { describe, it });
  describeBackendModel(sqlHarness(MYSQL, shelf), { describe, it }, fc, { runs: 20 });
});
