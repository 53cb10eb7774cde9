import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import { missing } from "../support/fixtures.js";
import type { StorageSettings } from "../../src/plugin/settings.js";
import { freshTable, type SqlDialect } from "../support/sql-harness.js";
import type { CacheUnderTest } from "./store-harness.js";

/** The suite over stores at the shared server of a dialect, each in tables of its own. */
export function describeSqlStorage(
  name: string,
  cache: CacheUnderTest,
  dialect: SqlDialect,
  settings: StorageSettings = {},
): void {
  const { name: backend, server, dropTables } = dialect;
  describe(name, () => {
    before(async function () {
      if ((await server()) === undefined) missing(this, `a server of ${backend}`);
    });

    const harness: StorageHarness = {
      name,
      time: "real",
      persistent: true,
      cacheEntries: cache.max_entries,
      values: cache.values ?? "copy",
      settings: async () => {
        const url = (await server())?.url as string;
        return { backend, cache, ...settings, [backend]: { url, table: freshTable(), pool: 4 } };
      },
      destroy: async (made) => dropTables(made[backend]?.url as string, made[backend]?.table as string),
    };
    describeStorage(harness, { describe, it });
  });
}
