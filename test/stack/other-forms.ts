/**
 * Forms of the whole stack whose parts the usual run covers one by one: frozen values and a tiny cache over memory, no
 * cache over file, sqlite and redis. `npm run test:forms` runs them.
 */
import { describeStorage } from "../../src/testing/storage-suite.js";
import { MYSQL } from "../support/mysql-harness.js";
import { POSTGRES } from "../support/postgres-harness.js";
import { describeSqlStorage } from "./sql-store-harness.js";
import { directoryHarness, fileHarness, lmdbHarness } from "./store-harness.js";

const forms = [
  directoryHarness("directory without a cache", { max_entries: 0 }, { durability: "process" }),
  fileHarness("file with frozen values", { max_entries: 1000, values: "frozen" }, { durability: "process" }),
  fileHarness("file with a cache of two entries", { max_entries: 2 }, { durability: "none" }),
  lmdbHarness("lmdb without a cache", { max_entries: 0 }, { durability: "process" }),
];
for (const form of forms) describeStorage(form, { describe, it });
describeSqlStorage("postgres without a cache", { max_entries: 0 }, POSTGRES);
describeSqlStorage("mysql without a cache", { max_entries: 0 }, MYSQL);
