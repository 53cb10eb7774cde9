import { StorageFault } from "../../core/errors.js";
import type { BackendSetup } from "../backend.js";
import { refuseLess } from "../local/refuse-less.js";
import { mysqlNames, type MysqlNames } from "./mysql-names.js";
import type { Ask } from "./mysql-pool.js";
import {
  MIGRATIONS,
  SCHEMA_VERSION,
  storeProcedures,
  TABLE_COMMENT,
  type StoreProcedures,
} from "./mysql-schema-sql.js";
import { readServer, type MysqlServer } from "./mysql-server.js";

/** What the server must be set to for a level of durability. */
const NEEDED = {
  power:
    "innodb_flush_log_at_trx_commit = 1, innodb_doublewrite = ON and, where it has a binary log, sync_binlog = 1",
  process: "innodb_flush_log_at_trx_commit = 1",
} as const;

/** A store that is ready, and what its server says of itself. */
export interface OpenedSchema {
  readonly names: MysqlNames;
  readonly procedures: StoreProcedures;
  readonly server: MysqlServer;
}

/**
 * Finds the store's tables, or makes or migrates them. Where all is as it should be nothing is written, so that a user
 * who may make no tables can open a store, and a replica too. Several processes at once take turns.
 *
 * @param ask all of them on one connection
 * @param seconds how long to wait for another process
 * @param wanted what the configuration asks for; a server that holds less is refused before anything is written
 */
export async function openSchema(
  ask: Ask,
  table: string,
  seconds: number,
  wanted: BackendSetup["durability"],
): Promise<OpenedSchema> {
  const server = await readServer(ask);
  refuseLess(server.durability, wanted, NEEDED);
  const names = mysqlNames(table);
  const procedures = storeProcedures(names);
  if (!(await isReady(ask, names, procedures))) {
    const lock = names.schemaLock(server.database);
    const [row] = await ask("SELECT GET_LOCK(?, ?)", [lock, seconds]);
    if (Number(row?.[0]) !== 1) {
      throw new StorageFault(
        "timeout",
        `another process is still making or migrating the tables of ${table}`,
      );
    }
    // Another process may have been faster.
    if (!(await isReady(ask, names, procedures))) await makeReady(ask, names, procedures);
    await ask("SELECT RELEASE_LOCK(?)", [lock]);
  }
  return { names, procedures, server };
}

async function isReady(ask: Ask, names: MysqlNames, procedures: StoreProcedures): Promise<boolean> {
  const version = await schemaVersion(ask, names);
  if (version > SCHEMA_VERSION) {
    throw new StorageFault(
      "newer-format",
      `the tables of ${names.table} have version ${version}; this version of holdfast knows up to ${SCHEMA_VERSION}`,
    );
  }
  return version === SCHEMA_VERSION && (await missingProcedures(ask, procedures)).length === 0;
}

/** 0: there is no store yet, or only parts of one, left by a process that died or made by one that is at it. */
async function schemaVersion(ask: Ask, names: MysqlNames): Promise<number> {
  const tables = await ask(
    `SELECT table_name, table_comment FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name IN (${marks(names.bareTables)})`,
    names.bareTables,
  );
  if (tables.some(([, comment]) => comment !== TABLE_COMMENT)) throw foreign(names);
  const present = new Set(tables.map(([name]) => String(name)));
  if (!names.bareTables.every((name) => present.has(name))) return 0;
  const [row] = await ask(`SELECT value FROM ${names.meta} WHERE name = 'schema'`);
  if (row === undefined) return 0;
  const version = Number(row[0]);
  if (!Number.isSafeInteger(version) || version < 1) throw foreign(names);
  return version;
}

function foreign({ table }: MysqlNames): StorageFault {
  return new StorageFault(
    "foreign",
    `there is a table ${table}, or one whose name begins with it, that is not a store's; choose another mysql.table`,
  );
}

async function missingProcedures(ask: Ask, procedures: StoreProcedures) {
  const all = Object.values(procedures);
  const rows = await ask(
    `SELECT routine_name FROM information_schema.routines
    WHERE routine_schema = DATABASE() AND routine_name IN (${marks(all)})`,
    all.map(({ name }) => name),
  );
  const present = new Set(rows.map(([name]) => String(name)));
  return all.filter(({ name }) => !present.has(name));
}

async function makeReady(ask: Ask, names: MysqlNames, procedures: StoreProcedures): Promise<void> {
  const version = await schemaVersion(ask, names);
  for (const migrate of MIGRATIONS.slice(version)) {
    for (const statement of migrate(names)) await ask(statement);
  }
  for (const { create } of await missingProcedures(ask, procedures)) await ask(create);
  // Last: with it the store is one.
  await ask(`REPLACE INTO ${names.meta} VALUES ('schema', ?)`, [String(SCHEMA_VERSION)]);
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}
