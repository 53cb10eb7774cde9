import { redisCluster } from "../support/servers/redis-cluster.js";
import { describeRedisStorage } from "./redis-store-harness.js";

describeRedisStorage("redis cluster", { max_entries: 1000 }, async () => {
  const servers = await redisCluster();
  return servers === undefined ? undefined : { cluster: [...servers.addresses] };
});
