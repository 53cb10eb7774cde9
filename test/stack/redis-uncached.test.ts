import { describeRedisStorage } from "./redis-store-harness.js";

describeRedisStorage("redis without a cache", { max_entries: 0 });
