import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { missing } from "../../support/fixtures.js";
import { mysqlHarness } from "../../support/mysql-harness.js";
import { mariadbServer } from "../../support/servers/mariadb-server.js";

describe("mysql", () => {
  before(async function () {
    if ((await mariadbServer()) === undefined) missing(this, "MariaDB");
  });

  describeBackend(mysqlHarness(mariadbServer), { describe, it });
  describeBackendModel(mysqlHarness(mariadbServer), { describe, it }, fc, { runs: 20 });
});
