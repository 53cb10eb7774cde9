// Writes golden stores of this version: npx tsx test/golden/write-release.ts test/golden/release-<version>
// Needs the servers, and pg_dump and mariadb-dump beside them. README.md here says what is what.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { loadRedis, AS_BYTES, type RedisClient } from "../../src/backends/redis/redis-driver.js";
import { background, openStorage, type StorageSettings } from "../../src/index.js";
import { endOfTests } from "../support/fixtures.js";
import { mariadbServer } from "../support/servers/mariadb-server.js";
import { postgresServer } from "../support/servers/postgres-server.js";
import { redisServer } from "../support/servers/redis-server.js";
import { openTapped } from "../support/tapped-store.js";
import { GOLDEN_KEY, KEPT_LOG, SEALED, expectContent, writeContent } from "./release-content.js";
import { GOLDEN_KINDS, GOLDEN_PREFIX, GOLDEN_TABLE } from "./release-places.js";
import { recordOf, type StoreRecord } from "./release-record.js";

const ctx = background();
const folder = resolve(process.argv[2] ?? "");

/** Where the store of each kind is written, and what keeps of it what a test loads. */
const WRITERS: Readonly<
  Record<string, () => Promise<{ settings: StorageSettings; keep(path: string): Promise<void> }>>
> = {
  file: async () => ({ settings: { file: { path: join(folder, "file", "store.json") } }, keep: tidy }),
  directory: async () => ({ settings: { directory: { path: join(folder, "directory") } }, keep: tidy }),
  sqlite: async () => ({ settings: { sqlite: { path: join(folder, "sqlite", "store.db") } }, keep: tidy }),
  lmdb: async () => ({ settings: { lmdb: { path: join(folder, "lmdb") } }, keep: tidy }),
  postgres: async () => {
    const url = (await postgresServer())?.url as string;
    return { settings: { postgres: { url, table: GOLDEN_TABLE } }, keep: (path) => dumpPostgres(url, path) };
  },
  mysql: async () => {
    const url = (await mariadbServer())?.url as string;
    return { settings: { mysql: { url, table: GOLDEN_TABLE } }, keep: (path) => dumpMysql(url, path) };
  },
  redis: async () => {
    const url = (await redisServer())?.url as string;
    return { settings: { redis: { url, prefix: GOLDEN_PREFIX } }, keep: (path) => dumpRedis(url, path) };
  },
};

process.env[GOLDEN_KEY.name] = GOLDEN_KEY.text;
// A store's timers let a process end; here somebody waits for one, the sweep of an expired key.
const awake = setInterval(() => undefined, 1000);
await mkdir(folder);
const records: Record<string, StoreRecord> = {};
for (const { name, kept, load } of GOLDEN_KINDS) {
  const writer = await WRITERS[name]?.();
  if (writer === undefined) continue;
  await writeStore(name, { backend: name, ...writer.settings });
  await writer.keep(join(folder, kept));
  const loaded = await load(join(folder, kept));
  if (loaded === undefined) throw new Error(`${name} needs its server`);
  const { storage, backend } = await openTapped({ ...loaded.settings, ...KEPT_LOG, ...SEALED });
  await expectContent(storage);
  records[name] = await recordOf(backend);
  await storage.stop();
  await loaded.remove();
}
await writeFile(join(folder, "records.json"), linesOf(records));
await endOfTests();
clearInterval(awake);

async function writeStore(name: string, settings: StorageSettings): Promise<void> {
  const backups = join(folder, "backups");
  const open = (more: StorageSettings) => openStorage({ ...settings, ...more });
  await writeContent(open, async (store) => {
    if (name === "sqlite") await store.backup(ctx, join(backups, "full"), { compression: "gzip" });
  });
  if (name !== "sqlite") return;
  await using store = await open({ ...KEPT_LOG, ...SEALED });
  await store.backup(ctx, join(backups, "incremental"), { base: join(backups, "full"), compression: "gzip" });
}

/** Without locks, which are of this machine, and without the zeros at the end of a journal, which are room for more. */
async function tidy(path: string): Promise<void> {
  for (const name of await readdir(path, { recursive: true })) {
    const file = join(path, name);
    if (/\.lock$|lock\.mdb$/.test(file)) await rm(file);
    if (/\.journal-\d+$/.test(file))
      await writeFile(file, (await readFile(file, "latin1")).replace(/\0+$/, ""), "latin1");
  }
}

/** JSON with a line for each namespace of each kind. */
function linesOf(all: Readonly<Record<string, StoreRecord>>): string {
  const kinds = Object.entries(all).map(([kind, record]) => {
    const lines = Object.entries(record).map(
      ([name, held]) => `${JSON.stringify(name)}: ${JSON.stringify(held)}`,
    );
    return `${JSON.stringify(kind)}: {\n${lines.join(",\n")}\n}`;
  });
  return `{\n${kinds.join(",\n")}\n}\n`;
}

/** Tables and rows alone: what opens a store makes the functions of its own version. */
async function dumpPostgres(url: string, path: string): Promise<void> {
  const tables = ["", "_log", "_left", "_meta"].flatMap((part) => ["-t", GOLDEN_TABLE + part]);
  const args = ["--inserts", "--no-owner", "--no-acl", "--no-comments", "--no-tablespaces", ...tables, url];
  const text = execFileSync("pg_dump", args, { encoding: "utf8" });
  // Not the settings of the session, which would stay with the connection that loads it.
  const own = text
    .split("\n")
    .filter((line) => line !== "" && !/^(--|SET |\\|SELECT pg_catalog\.set_config)/.test(line));
  await writeFile(path, `${own.join("\n")}\n`);
}

async function dumpMysql(url: string, path: string): Promise<void> {
  const { hostname, port, username, pathname } = new URL(url);
  const database = pathname.slice(1);
  const tables = ["", "_log", "_left", "_locks", "_meta"].map((part) => GOLDEN_TABLE + part);
  const server = ["-h", hostname, "-P", port, "-u", username];
  const args = [...server, "--compact", "--hex-blob", "--skip-extended-insert", database, ...tables];
  const text = execFileSync("mariadb-dump", args, { encoding: "utf8" });
  const own = text.split("\n").filter((line) => line !== "" && !line.startsWith("/*!"));
  await writeFile(path, `${own.join("\n")}\n`);
}

/** The commands that make the keys, each a line of JSON, in which each character is a byte. */
async function dumpRedis(url: string, path: string): Promise<void> {
  const client = (await loadRedis()).createClient({ url, RESP: 2 });
  await client.connect();
  const keys = ((await client.sendCommand(["KEYS", `${GOLDEN_PREFIX}*`])) as string[]).sort();
  const lines: string[] = [];
  for (const key of keys)
    for (const command of await commandsOf(client, key)) lines.push(JSON.stringify(command));
  client.destroy();
  await writeFile(path, `${lines.join("\n")}\n`);
}

async function commandsOf(client: RedisClient, key: string): Promise<readonly (readonly string[])[]> {
  const ask = async (...command: string[]) => bytesAsText(await client.sendCommand(command, AS_BYTES));
  switch (await ask("TYPE", key)) {
    case "hash": {
      const parts = (await ask("HGETALL", key)) as string[];
      const pairs = parts.flatMap((part, i) =>
        i % 2 === 0 ? [[part, parts[i + 1] as string] as const] : [],
      );
      return pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map((pair) => ["HSET", key, ...pair]);
    }
    case "zset": {
      const parts = (await ask("ZRANGE", key, "0", "-1", "WITHSCORES")) as string[];
      return parts.flatMap((part, i) => (i % 2 === 0 ? [["ZADD", key, parts[i + 1] as string, part]] : []));
    }
    case "stream": {
      const entries = (await ask("XRANGE", key, "-", "+")) as [string, string[]][];
      return entries.map(([id, fields]) => ["XADD", key, id, ...fields]);
    }
    default:
      throw new Error(`a store has no key like ${key}`);
  }
}

function bytesAsText(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(bytesAsText);
  return Buffer.isBuffer(answer) ? answer.toString("latin1") : answer;
}
