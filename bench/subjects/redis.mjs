import { startRedis } from "../servers/redis-server.mjs";
import { unlessThere } from "../servers/server.mjs";
import { onOwnServer } from "./own-server.mjs";

const TRANSFER = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i]) end";

async function keysOf(client, pattern) {
  const found = [];
  for await (const page of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) found.push(...page);
  // ASCII, where the order of units is that of bytes.
  return found.sort((a, b) => (a < b ? -1 : 1));
}

async function connect(url) {
  const { createClient } = await import("redis");
  const client = await createClient({ url }).connect();
  const get = async (key) => JSON.parse(await client.get(key));
  return {
    get,
    set: (key, value) => client.set(key, JSON.stringify(value)),
    setMany: (entries) => client.mSet(entries.map(([key, value]) => [key, JSON.stringify(value)])),
    keys: (pattern) => keysOf(client, pattern),
    infix: (pattern) => keysOf(client, pattern),
    modifyTwo: (first, second, change) => modifyTwo(client, first, second, change),
    list: (key) => ({
      push: (item) => client.rPush(key, JSON.stringify(item)),
      length: () => client.lLen(key),
    }),
    counter: (key) => ({
      increment: () => client.incr(key),
      get: async () => Number(await client.get(key)),
    }),
    close: () => client.destroy(),
  };
}

/** Two round trips without a check: less than a transaction promises, so a lower bound for the peer. */
async function modifyTwo(client, first, second, change) {
  const [a, b] = (await client.mGet([first, second])).map((text) => JSON.parse(text));
  change(a, b);
  await client.eval(TRANSFER, { keys: [first, second], arguments: [JSON.stringify(a), JSON.stringify(b)] });
}

const redis = (appendfsync, durability) => ({
  durability,
  copies: "yes",
  unavailable: () => unlessThere("redis-server"),
  ...onOwnServer((folder) => startRedis(folder, appendfsync), connect),
});

export const subjects = {
  "redis always": redis("always", "power"),
  "redis everysec": redis("everysec", "process"),
};
