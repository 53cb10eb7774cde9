import { describeRedisStorage } from "./redis-store-harness.js";

describeRedisStorage("redis", { max_entries: 1000 });
