import { redisServer } from "../support/servers/redis-server.js";
import { ownPrefix } from "../support/redis-harness.js";
import { missing } from "../support/fixtures.js";
import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import type { StorageSettings } from "../../src/plugin/settings.js";
import type { CacheUnderTest } from "./store-harness.js";

/** Where stores live, as the section `redis` says it; undefined where the program is missing. */
type Place = NonNullable<StorageSettings["redis"]>;

async function sharedServer(): Promise<Place | undefined> {
  const server = await redisServer();
  return server === undefined ? undefined : (server.nearby ?? { url: server.url });
}

/** The suite over stores at a shared server, each under a prefix of its own. */
export function describeRedisStorage(
  name: string,
  cache: CacheUnderTest,
  place: () => Promise<Place | undefined> = sharedServer,
  settings: StorageSettings = {},
): void {
  describe(name, () => {
    before(async function () {
      this.timeout(60_000);
      if ((await place()) === undefined) missing(this, "redis-server");
    });

    const harness: StorageHarness = {
      name,
      time: "real",
      persistent: true,
      cacheEntries: cache.max_entries,
      values: cache.values ?? "copy",
      settings: async () => ({
        backend: "redis",
        cache,
        ...settings,
        redis: { ...(await place()), prefix: ownPrefix() },
      }),
    };
    describeStorage(harness, { describe, it });
  });
}
