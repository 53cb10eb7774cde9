import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { loadRedis, type Argument } from "../../src/backends/redis/redis-driver.js";
import type { StorageSettings } from "../../src/index.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";
import { askMysql } from "../support/mysql-client.js";
import { MYSQL } from "../support/mysql-harness.js";
import { askPostgres } from "../support/postgres-client.js";
import { POSTGRES } from "../support/postgres-harness.js";
import { ownPrefix } from "../support/redis-harness.js";
import { mariadbServer } from "../support/servers/mariadb-server.js";
import { postgresServer } from "../support/servers/postgres-server.js";
import { redisCluster } from "../support/servers/redis-cluster.js";
import { redisServer } from "../support/servers/redis-server.js";
import { freshTable } from "../support/table-shelf.js";

/** What tables and keys are called in a dump; a store that is loaded has a name of its own in this one's place. */
export const GOLDEN_TABLE = "golden_store";
export const GOLDEN_PREFIX = "golden:";

/** A golden store that stands where it can be opened. */
export interface LoadedStore {
  readonly settings: StorageSettings;
  /** Of a store in tables: those that are there under its name, in order. */
  tables?(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** A kind of store, and how one of it comes back from what is kept of it. */
export interface GoldenKind {
  readonly name: string;
  /** What is kept, in the folder of a release. */
  readonly kept: string;
  readonly needs?: string;
  /** Whether the change log outlives the process; otherwise a watch after an old position begins with a gap. */
  readonly keepsLog: boolean;
  /** Loads a store; undefined where the server is missing. */
  load(path: string): Promise<LoadedStore | undefined>;
}

export const GOLDEN_KINDS: readonly GoldenKind[] = [
  inFolder("file", false, (folder) => ({ file: { path: join(folder, "store.json") } })),
  inFolder("directory", false, (folder) => ({ directory: { path: folder } })),
  inFolder("sqlite", true, (folder) => ({ sqlite: { path: join(folder, "store.db") } })),
  inFolder("lmdb", true, (folder) => ({ lmdb: { path: folder } })),
  { name: "postgres", kept: "postgres.sql", needs: "postgresql", keepsLog: true, load: loadPostgres },
  { name: "mysql", kept: "mysql.sql", needs: "mariadb-server", keepsLog: true, load: loadMysql },
  { name: "redis", kept: "redis.ndjson", needs: "redis-server", keepsLog: true, load: loadOneRedis },
  { name: "redis cluster", kept: "redis.ndjson", needs: "redis-server", keepsLog: true, load: loadCluster },
];

function inFolder(
  name: string,
  keepsLog: boolean,
  settings: (folder: string) => StorageSettings,
): GoldenKind {
  return {
    name,
    kept: name,
    keepsLog,
    async load(path) {
      const folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-golden-"));
      await cp(path, folder, { recursive: true });
      return {
        settings: { backend: name, ...settings(folder) },
        remove: () => rm(folder, { recursive: true }),
      };
    },
  };
}

async function loadPostgres(path: string): Promise<LoadedStore | undefined> {
  const url = (await postgresServer())?.url;
  if (url === undefined) return undefined;
  const table = freshTable();
  await askPostgres(url, (await readFile(path, "utf8")).replaceAll(GOLDEN_TABLE, table));
  return {
    settings: { backend: "postgres", postgres: { url, table } },
    tables: async () => tablesOf(await askPostgres(url, tablesLike("current_schema()", table)), table),
    remove: () => POSTGRES.dropTables(url, table),
  };
}

async function loadMysql(path: string): Promise<LoadedStore | undefined> {
  const url = (await mariadbServer())?.url;
  if (url === undefined) return undefined;
  const table = freshTable();
  const text = (await readFile(path, "utf8")).replaceAll(GOLDEN_TABLE, table);
  for (const statement of text.split(";\n").slice(0, -1)) await askMysql(url, statement);
  return {
    settings: { backend: "mysql", mysql: { url, table } },
    tables: async () => tablesOf(await askMysql(url, tablesLike("DATABASE()", table)), table),
    remove: () => MYSQL.dropTables(url, table),
  };
}

function tablesLike(schema: string, table: string): string {
  return `SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = ${schema} AND table_name LIKE '${table}%'`;
}

function tablesOf(rows: readonly Record<string, unknown>[], table: string): readonly string[] {
  return rows.map(({ name }) => String(name).replace(table, "")).sort();
}

async function loadOneRedis(path: string): Promise<LoadedStore | undefined> {
  const url = (await redisServer())?.url;
  if (url === undefined) return undefined;
  const client = (await loadRedis()).createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  return await loadCommands(path, client, (_key, command) => client.sendCommand(command), { url });
}

async function loadCluster(path: string): Promise<LoadedStore | undefined> {
  const servers = await redisCluster();
  if (servers === undefined) return undefined;
  const cluster = [...servers.addresses];
  const rootNodes = cluster.map((address) => ({ url: `redis://${address}` }));
  const client = (await loadRedis()).createCluster({ rootNodes });
  client.on("error", () => undefined);
  await client.connect();
  return await loadCommands(path, client, (key, command) => client.sendCommand(key, false, command), {
    cluster,
  });
}

async function loadCommands(
  path: string,
  client: { destroy(): void },
  send: (key: string, command: readonly Argument[]) => Promise<unknown>,
  redis: NonNullable<StorageSettings["redis"]>,
): Promise<LoadedStore> {
  const prefix = ownPrefix();
  const keys: string[] = [];
  for (const line of (await readFile(path, "utf8")).trimEnd().split("\n")) {
    // Each character is a byte.
    const [name, key, ...rest] = JSON.parse(line) as [string, string, ...string[]];
    const own = key.replace(GOLDEN_PREFIX, prefix);
    keys.push(own);
    await send(own, [name, own, ...rest.map((text) => Buffer.from(text, "latin1"))]);
  }
  return {
    settings: { backend: "redis", redis: { ...redis, prefix } },
    async remove() {
      for (const key of keys) await send(key, ["UNLINK", key]);
      client.destroy();
    },
  };
}
