/**
 * The process that ends by kill -9 after it has written structures, as the task argv[2] says: `count` lists and as many
 * hashes of `items` parts, all with a time to live, and one of each that stays.
 */
import { background, openStorage, type StorageSettings } from "../../src/index.js";
import { taskOf, tell } from "../support/store-process.js";

export interface StructuresTask {
  readonly settings: StorageSettings;
  readonly count: number;
  readonly items: number;
  readonly ttlMs: number;
}

const { settings, count, items, ttlMs } = taskOf<StructuresTask>();
const ctx = background();
const storage = await openStorage(settings);
const parts = Array.from({ length: items }, (_, i) => i);
const write = async (whose: string) => {
  await storage.list(`list:${whose}`).rpush(ctx, ...parts);
  await storage.hash(`hash:${whose}`).hset(ctx, new Map(parts.map((part) => [`field:${part}`, part])));
};
const expire = async (whose: string) => {
  for (const key of [`list:${whose}`, `hash:${whose}`]) await storage.expire(ctx, key, ttlMs);
};
const expiring = Array.from({ length: count }, (_, i) => String(i));
await Promise.all(["kept", ...expiring].map(write));
await Promise.all(expiring.map(expire));
tell("written");
