import { defaultBackends } from "../../src/backends/registry.js";
import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import { missing } from "../support/fixtures.js";
import type { StorageSettings } from "../../src/plugin/settings.js";
import type { SqlDialect, SqlServer } from "../support/sql-harness.js";
import { TableShelf } from "../support/table-shelf.js";
import type { CacheUnderTest } from "./store-harness.js";

/** The suite over stores at the shared server of a dialect, each in tables that hold nothing. */
export function describeSqlStorage(
  name: string,
  cache: CacheUnderTest,
  dialect: SqlDialect,
  settings: StorageSettings = {},
): void {
  const { name: backend, server, thrifty } = dialect;
  const shelf = new TableShelf(dialect);
  describe(name, () => {
    before(async function () {
      if ((await server()) === undefined) missing(this, `a server of ${backend}`);
    });
    after(() => shelf.clear());

    const harness: StorageHarness = {
      name,
      time: "real",
      persistent: true,
      cacheEntries: cache.max_entries,
      values: cache.values ?? "copy",
      backends: defaultBackends().with(backend, async () => thrifty),
      settings: async () => {
        const { url, nearby = { url } } = (await server()) as SqlServer;
        return { backend, cache, ...settings, [backend]: { ...nearby, table: shelf.take(), pool: 4 } };
      },
      destroy: (made) => shelf.giveBack(made[backend]?.table as string),
    };
    describeStorage(harness, { describe, it });
  });
}
