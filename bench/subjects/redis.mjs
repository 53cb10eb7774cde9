import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const onPath = (program) =>
  process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
const unavailable = () => (onPath("redis-server") ? undefined : "redis-server is not on PATH");

const TRANSFER = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i]) end";

/** The server dies with this process where setpriv exists, so that an abort leaves none behind. */
function startServer(folder) {
  const server = ["redis-server", "--port", "0", "--unixsocket", join(folder, "socket"), "--dir", folder];
  const settings = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const command = onPath("setpriv") ? ["setpriv", "--pdeathsig", "SIGKILL", ...server] : server;
  const child = spawn(command[0], [...command.slice(1), ...settings], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with code ${code}`)));
    child.stdout.on("data", (text) => String(text).includes("eady to accept connections") && resolve(child));
  });
}

async function keysOf(client, pattern) {
  const found = [];
  for await (const page of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) found.push(...page);
  // ASCII, where the order of units is that of bytes.
  return found.sort((a, b) => (a < b ? -1 : 1));
}

async function open({ folder }) {
  const { createClient } = await import("redis");
  const server = await startServer(folder);
  const client = await createClient({ socket: { path: join(folder, "socket") } }).connect();
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
      server.removeAllListeners("exit");
      server.kill("SIGKILL");
    },
  };
}

/** Two round trips without a check: less than a transaction promises, so a lower bound for the peer. */
async function modifyTwo(client, first, second, change) {
  const [a, b] = (await client.mGet([first, second])).map((text) => JSON.parse(text));
  change(a, b);
  await client.eval(TRANSFER, { keys: [first, second], arguments: [JSON.stringify(a), JSON.stringify(b)] });
}

export const subjects = { "redis always": { durability: "power", copies: "yes", unavailable, open } };
