import { setImmediate as nextTurn } from "node:timers/promises";
import { Breather } from "../../src/backends/files/breather.js";
import { DataFolder } from "../../src/backends/lmdb/data-folder.js";
import { loadLmdb } from "../../src/backends/lmdb/lmdb-driver.js";
import { splitPlace } from "../../src/backends/lmdb/lmdb-key.js";
import { namespaceKeys } from "../../src/backends/redis/namespace-keys.js";
import { AS_BYTES, loadRedis } from "../../src/backends/redis/redis-driver.js";
import { loadDriver } from "../../src/backends/sqlite/sqlite-driver.js";
import { systemRuntime } from "../../src/core/runtime.js";
import type { StorageSettings } from "../../src/index.js";
import { askMysql } from "../support/mysql-client.js";
import { askPostgres } from "../support/postgres-client.js";

/** What a database holds of one key, and how to put something else there beside the store. */
export interface StoredBytes {
  readonly key: string;
  /** Which part of the entry, where it is stored in several. */
  readonly part: string;
  readonly bytes: Buffer;
  write(bytes: Buffer): unknown;
}

/** The root namespace of a store, reached through a connection of its own to the database under it. */
export interface RawStore {
  all(): Promise<readonly StoredBytes[]>;
  close(): Promise<void>;
}

/** Reaches what the database of a store holds. One way for each backend over a database. */
export const RAW_STORES: Readonly<Record<string, (settings: StorageSettings) => Promise<RawStore>>> = {
  sqlite: async ({ sqlite }) => await rawSqlite(sqlite?.path as string),
  lmdb: async ({ lmdb }) => await rawLmdb(lmdb?.path as string),
  postgres: async ({ postgres }) => rawPostgres(postgres?.url as string, postgres?.table as string),
  mysql: async ({ mysql }) => rawMysql(mysql?.url as string, mysql?.table as string),
  redis: async ({ redis }) => await rawRedis(redis?.url as string, redis?.prefix as string),
};

async function rawSqlite(path: string): Promise<RawStore> {
  const database = (await loadDriver(undefined)).open(path);
  // The power is not cut here.
  database.exec("PRAGMA synchronous = OFF");
  const parts = (["data", "head"] as const).map((part) => ({
    part,
    rows: database.prepare(`SELECT key, ${part} FROM entries`),
    update: database.prepare(`UPDATE entries SET ${part} = ? WHERE key = ?`),
  }));
  return {
    all: async () =>
      parts.flatMap(({ part, rows, update }) =>
        rows.all([]).map(([key, bytes]) => ({
          key: Buffer.from(key as Uint8Array).toString(),
          part,
          bytes: Buffer.from(bytes as Uint8Array),
          write: (changed: Buffer) => update.run([changed, key as Uint8Array]),
        })),
      ),
    close: async () => database.close(),
  };
}

/**
 * Its entries have a checksum for the header too, so whole records are given. By the environment that the store has open:
 * a second one in this process would hang it. Writes of one turn of the event loop share a transaction.
 */
async function rawLmdb(path: string): Promise<RawStore> {
  // As the registry loads it, or this would be another copy of the module: tsx keeps those of `require` apart.
  const { acquireEnvironment } = await import("../../src/backends/lmdb/open-environments.js");
  const { environment, release } = await acquireEnvironment({
    driver: await loadLmdb(),
    folder: new DataFolder(path),
    sync: "all",
    breather: () => new Breather(systemRuntime.clock),
  });
  const gathered: { readonly place: string; readonly bytes: Buffer }[] = [];
  let written: Promise<void> | undefined;
  const writeGathered = async () => {
    await nextTurn();
    written = undefined;
    const puts = gathered.splice(0);
    await environment.write(async ({ tables: { entries } }) => {
      for (const { place, bytes } of puts) entries.put(place, bytes);
    });
  };
  return {
    all: () =>
      environment.readLong(async (view) =>
        [...view.rows("entries", { start: "", end: Buffer.from([0xff]) })].map(({ key: place, value }) => ({
          key: splitPlace(place).key,
          part: "record",
          bytes: Buffer.from(value),
          write(bytes) {
            gathered.push({ place, bytes });
            return (written ??= writeGathered());
          },
        })),
      ),
    close: release,
  };
}

function rawPostgres(url: string, table: string): RawStore {
  return {
    async all() {
      const rows = await askPostgres(url, `SELECT key, value FROM ${table}`);
      return rows.map(({ key, value }) => ({
        key: (key as Buffer).toString(),
        part: "value",
        bytes: value as Buffer,
        write: (changed) => askPostgres(url, `UPDATE ${table} SET value = $1 WHERE key = $2`, [changed, key]),
      }));
    },
    close: async () => undefined,
  };
}

function rawMysql(url: string, table: string): RawStore {
  const hex = (bytes: Buffer) => `x'${bytes.toString("hex")}'`;
  return {
    async all() {
      const rows = await askMysql(url, `SELECT k, value FROM ${table}`);
      return rows.map(({ k, value }) => ({
        key: (k as Buffer).toString(),
        part: "value",
        bytes: value as Buffer,
        write: (changed) =>
          askMysql(url, `UPDATE ${table} SET value = ${hex(changed)} WHERE k = ${hex(k as Buffer)}`),
      }));
    },
    close: async () => undefined,
  };
}

async function rawRedis(url: string, prefix: string): Promise<RawStore> {
  const client = (await loadRedis()).createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  const { values } = namespaceKeys(prefix, "");
  return {
    async all() {
      const keys = (await client.sendCommand(["HKEYS", values], AS_BYTES)) as Buffer[];
      const held = (await client.sendCommand(["HMGET", values, ...keys], AS_BYTES)) as Buffer[];
      return keys.map((key, i) => ({
        key: key.toString(),
        part: "value",
        bytes: held[i] as Buffer,
        write: (changed) => client.sendCommand(["HSET", values, key, changed]),
      }));
    },
    close: async () => client.destroy(),
  };
}
