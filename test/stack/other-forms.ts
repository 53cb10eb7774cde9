/**
 * Forms of the whole stack whose parts the usual run covers one by one: frozen values and a tiny cache over memory, no
 * cache over file, sqlite and redis; and values by codec v8, compressed and encrypted, over every backend. `npm run test:forms` runs them.
 */
import { describeStorage } from "../../src/testing/storage-suite.js";
import { MYSQL } from "../support/mysql-harness.js";
import { POSTGRES } from "../support/postgres-harness.js";
import { SEALED } from "../support/sealed-settings.js";
import { describeSqlStorage } from "./sql-store-harness.js";
import { describeRedisStorage } from "./redis-store-harness.js";
import { directoryHarness, fileHarness, lmdbHarness, memoryHarness, sqliteHarness } from "./store-harness.js";

const CACHED = { max_entries: 1000 };
const forms = [
  directoryHarness("directory without a cache", { max_entries: 0 }, { durability: "process" }),
  fileHarness("file with frozen values", { max_entries: 1000, values: "frozen" }, { durability: "process" }),
  fileHarness("file with a cache of two entries", { max_entries: 2 }, { durability: "none" }),
  lmdbHarness("lmdb without a cache", { max_entries: 0 }, { durability: "process" }),
  memoryHarness("memory, sealed, with frozen values", { ...CACHED, values: "frozen" }, SEALED),
  fileHarness("file, sealed", CACHED, { durability: "none", ...SEALED }),
  directoryHarness("directory, sealed", CACHED, { durability: "none", ...SEALED }),
  sqliteHarness("sqlite, sealed", CACHED, { durability: "process", ...SEALED }),
  lmdbHarness("lmdb, sealed", CACHED, { durability: "process", ...SEALED }),
];
for (const form of forms) describeStorage(form, { describe, it });
describeSqlStorage("postgres without a cache", { max_entries: 0 }, POSTGRES);
describeSqlStorage("mysql without a cache", { max_entries: 0 }, MYSQL);
describeSqlStorage("postgres, sealed", CACHED, POSTGRES, SEALED);
describeSqlStorage("mysql, sealed", CACHED, MYSQL, SEALED);
describeRedisStorage("redis, sealed", CACHED, undefined, SEALED);
