import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { namespaceKeys } from "../../src/backends/redis/namespace-keys.js";
import { loadRedis, type Argument } from "../../src/backends/redis/redis-driver.js";
import { loadDriver } from "../../src/backends/sqlite/sqlite-driver.js";
import { background, type StoragePlugin, type StorageSettings } from "../../src/index.js";
import { ROOT } from "../architecture/source-tree.js";
import { askMysql } from "../support/mysql-client.js";
import { askPostgres } from "../support/postgres-client.js";

const run = promisify(execFile);

/**
 * How much a store still keeps of the entries of its root namespace, the indexes of them included, as its engine counts
 * and without a look at any entry; undefined where nobody but the store itself can count.
 */
export async function storedCount(
  storage: StoragePlugin,
  settings: StorageSettings,
): Promise<number | undefined> {
  switch (settings.backend) {
    case "sqlite":
      return await countSqlite(settings.sqlite?.path as string);
    case "lmdb":
      return await countLmdb(settings.lmdb?.path as string);
    case "directory":
      return (
        (await storage.verify(background())).entries + (await countFiles(settings.directory?.path as string))
      );
    case "file":
      return (await storage.verify(background())).entries;
    case "postgres":
      return await countRows(askPostgres, settings.postgres as SqlPlace);
    case "mysql":
      return await countRows(askMysql, settings.mysql as SqlPlace);
    case "redis":
      return await countRedis(settings.redis as RedisPlace);
    default:
      return undefined;
  }
}

async function countSqlite(path: string): Promise<number> {
  const database = (await loadDriver(undefined)).open(path);
  try {
    return Number(database.prepare("SELECT count(*) FROM entries").get([])?.[0]);
  } finally {
    database.close();
  }
}

/** In a process of its own: in this one the store has the same environment open. */
async function countLmdb(path: string): Promise<number> {
  const program = `
    import { open } from "lmdb";
    const table = { encoding: "binary", keyEncoding: "binary" };
    const root = open({ ...table, path: ${JSON.stringify(`${path}/data-1`)}, noSubdir: false, readOnly: true });
    const counts = ["entries", "deadlines"].map((name) => root.openDB(name, table).getKeysCount());
    console.log(counts.reduce((sum, count) => sum + count, 0));
    await root.close();`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: ROOT });
  return Number(stdout);
}

/** Of the root namespace, whose folder goes with its last file. */
async function countFiles(path: string): Promise<number> {
  return (await readdir(`${path}/@root`).catch(() => [])).length;
}

interface SqlPlace {
  readonly url: string;
  readonly table: string;
}

type Ask = (url: string, text: string) => Promise<readonly Record<string, unknown>[]>;

async function countRows(ask: Ask, { url, table }: SqlPlace): Promise<number> {
  const [row] = await ask(url, `SELECT COUNT(*) AS n FROM ${table}`);
  return Number(row?.["n"]);
}

interface RedisPlace {
  readonly url?: string;
  readonly cluster?: readonly string[];
  readonly prefix: string;
}

async function countRedis({ url, cluster, prefix }: RedisPlace): Promise<number> {
  const keys = namespaceKeys(prefix, "");
  const driver = await loadRedis();
  const rootNodes = (cluster ?? []).map((address) => ({ url: `redis://${address}` }));
  const client = url === undefined ? driver.createCluster({ rootNodes }) : driver.createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  const send = (command: readonly Argument[]) =>
    "masters" in client
      ? client.sendCommand(command[1] as string, false, command)
      : client.sendCommand(command);
  try {
    const counts = await Promise.all([
      send(["HLEN", keys.headers]),
      send(["HLEN", keys.values]),
      send(["ZCARD", keys.index]),
      send(["ZCARD", keys.deadlines]),
    ]);
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  } finally {
    client.destroy();
  }
}
