import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import { missing } from "../support/fixtures.js";
import { dropTables, freshTable } from "../support/postgres-harness.js";
import { postgresServer } from "../support/servers/postgres-server.js";
import type { CacheUnderTest } from "./store-harness.js";

/** The suite over stores at the shared server, each in tables of its own. */
export function describePostgresStorage(name: string, cache: CacheUnderTest): void {
  describe(name, () => {
    before(async function () {
      if ((await postgresServer()) === undefined) missing(this, "postgresql");
    });

    const harness: StorageHarness = {
      name,
      time: "real",
      persistent: true,
      cacheEntries: cache.max_entries,
      values: cache.values ?? "copy",
      settings: async () => {
        const url = (await postgresServer())?.url as string;
        return { backend: "postgres", cache, postgres: { url, table: freshTable(), pool: 4 } };
      },
      destroy: async ({ postgres }) => dropTables(postgres?.url as string, postgres?.table as string),
    };
    describeStorage(harness, { describe, it });
  });
}
