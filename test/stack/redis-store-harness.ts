import { redisServer } from "../support/servers/redis-server.js";
import { ownPrefix } from "../support/redis-harness.js";
import { missing } from "../support/fixtures.js";
import { describeStorage, type StorageHarness } from "../../src/testing/storage-suite.js";
import type { CacheUnderTest } from "./store-harness.js";

/** The suite over stores at the shared server, each under a prefix of its own. */
export function describeRedisStorage(name: string, cache: CacheUnderTest): void {
  describe(name, () => {
    before(async function () {
      if ((await redisServer()) === undefined) missing(this, "redis-server");
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
        redis: { url: (await redisServer())?.url as string, prefix: ownPrefix() },
      }),
    };
    describeStorage(harness, { describe, it });
  });
}
