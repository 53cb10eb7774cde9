import { startRedis } from "../servers/redis-server.mjs";
import { unlessThere } from "../servers/server.mjs";

const TRANSFER = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i]) end";

async function keysOf(client, pattern) {
  const found = [];
  for await (const page of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) found.push(...page);
  // ASCII, where the order of units is that of bytes.
  return found.sort((a, b) => (a < b ? -1 : 1));
}

const open =
  (appendfsync) =>
  async ({ folder }) => {
    const { createClient } = await import("redis");
    const server = await startRedis(folder, appendfsync);
    const client = await createClient({ url: server.url }).connect();
    const get = async (key) => JSON.parse(await client.get(key));
    return {
      get,
      set: (key, value) => client.set(key, JSON.stringify(value)),
      setMany: (entries) => client.mSet(entries.map(([key, value]) => [key, JSON.stringify(value)])),
      keys: (pattern) => keysOf(client, pattern),
      infix: (pattern) => keysOf(client, pattern),
      modifyTwo: (first, second, change) => modifyTwo(client, first, second, change),
      close: async () => {
        client.destroy();
        await server.stop();
      },
    };
  };

/** Two round trips without a check: less than a transaction promises, so a lower bound for the peer. */
async function modifyTwo(client, first, second, change) {
  const [a, b] = (await client.mGet([first, second])).map((text) => JSON.parse(text));
  change(a, b);
  await client.eval(TRANSFER, { keys: [first, second], arguments: [JSON.stringify(a), JSON.stringify(b)] });
}

const unavailable = () => unlessThere("redis-server");

export const subjects = {
  "redis always": { durability: "power", copies: "yes", unavailable, open: open("always") },
  "redis everysec": { durability: "process", copies: "yes", unavailable, open: open("everysec") },
};
