import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import { missing } from "../support/fixtures.js";
import { dropTables, freshTable } from "../support/mysql-harness.js";
import { mariadbServer } from "../support/servers/mariadb-server.js";
import type { CacheUnderTest } from "./store-harness.js";

/** The suite over stores at the shared server, each in tables of its own. */
export function describeMysqlStorage(name: string, cache: CacheUnderTest): void {
  describe(name, () => {
    before(async function () {
      if ((await mariadbServer()) === undefined) missing(this, "mariadb-server");
    });

    const harness: StorageHarness = {
      name,
      time: "real",
      persistent: true,
      cacheEntries: cache.max_entries,
      values: cache.values ?? "copy",
      settings: async () => {
        const url = (await mariadbServer())?.url as string;
        return { backend: "mysql", cache, mysql: { url, table: freshTable(), pool: 4 } };
      },
      destroy: async ({ mysql }) => dropTables(mysql?.url as string, mysql?.table as string),
    };
    describeStorage(harness, { describe, it });
  });
}
