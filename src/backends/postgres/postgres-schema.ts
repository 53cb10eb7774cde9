import { StorageFault } from "../../core/errors.js";
import type { BackendSetup, Durability } from "../backend.js";
import { refuseLess } from "../local/refuse-less.js";
import { postgresNames, type PostgresNames } from "./postgres-names.js";
import type { Rows } from "./postgres-pool.js";
import { MIGRATIONS, SCHEMA_VERSION, storeFunctions, type StoreFunctions } from "./postgres-schema-sql.js";

/** Version 13: what the statements here use is all there. */
const OLDEST_SERVER = 130_000;
/** What the server must be set to for a level of durability. */
const NEEDED = {
  power: "fsync = on and full_page_writes = on",
  process: "synchronous_commit = on",
} as const;

type Ask = (text: string, values?: readonly unknown[]) => Promise<Rows>;

/** A store that is ready, and what its server says of itself. */
export interface OpenedSchema {
  readonly names: PostgresNames;
  readonly functions: StoreFunctions;
  readonly durability: Durability;
  /** A replica, or a server that takes no writes. */
  readonly isReadOnly: boolean;
}

/**
 * Finds the store's tables, or makes or migrates them. Where all is as it should be nothing is written, so that a user
 * who may make no tables can open a store, and a replica too. Several processes at once take turns.
 *
 * @param ask all of them on one connection
 * @param wanted what the configuration asks for; a server that holds less is refused before anything is written
 */
export async function openSchema(
  ask: Ask,
  table: string,
  wanted: BackendSetup["durability"],
): Promise<OpenedSchema> {
  const server = await readServer(ask);
  refuseLess(server.durability, wanted, NEEDED);
  const names = postgresNames(server.schema, table);
  const functions = storeFunctions(names);
  if (!(await isReady(ask, names, functions))) {
    await ask("BEGIN");
    await ask("SELECT pg_advisory_xact_lock(hashtext('holdfast'), hashtext($1))", [names.entries]);
    // Another process may have been faster.
    if (!(await isReady(ask, names, functions))) await makeReady(ask, names, functions);
    await ask("COMMIT");
  }
  return { names, functions, durability: server.durability, isReadOnly: server.isReadOnly };
}

async function readServer(ask: Ask) {
  const [row] = await ask(`SELECT current_setting('server_version_num'), current_setting('server_version'),
    current_schema(), current_setting('transaction_read_only'), current_setting('fsync'),
    current_setting('full_page_writes'), current_setting('synchronous_commit')`);
  const [number, version, schema, readOnly, fsync, fullPages, synchronous] = row ?? [];
  if (Number(number) < OLDEST_SERVER) {
    throw new StorageFault("unsupported", `PostgreSQL ${version} is too old; this backend needs 13 or later`);
  }
  if (schema == null) {
    throw new StorageFault("denied", "none of the schemas in this user's search_path is there");
  }
  const durability = durabilityOf(fsync === "on" && fullPages === "on", synchronous !== "off");
  return { schema, durability, isReadOnly: readOnly === "on" };
}

/**
 * Without synchronous_commit a commit that was answered may still be in the server's memory; without fsync or
 * full_page_writes it has left that, but may not survive a power cut.
 */
function durabilityOf(isSynced: boolean, isSynchronous: boolean): Durability {
  if (!isSynchronous) return "none";
  return isSynced ? "power" : "process";
}

async function isReady(ask: Ask, names: PostgresNames, functions: StoreFunctions): Promise<boolean> {
  const version = await schemaVersion(ask, names);
  if (version > SCHEMA_VERSION) {
    throw new StorageFault(
      "newer-format",
      `the tables of ${names.table} have version ${version}; this version of holdfast knows up to ${SCHEMA_VERSION}`,
    );
  }
  return version === SCHEMA_VERSION && (await missingFunctions(ask, names, functions)).length === 0;
}

/**
 * 0: there is no store yet. Catalogues are asked as tables: `to_regclass` may answer from what this connection
 * remembered before it waited for the lock.
 */
async function schemaVersion(ask: Ask, names: PostgresNames): Promise<number> {
  const tables = await ask(`SELECT c.relname FROM ${inSchema("c.relname", "pg_class c", "c.relnamespace")}`, [
    names.schema,
    names.bareTables,
  ]);
  if (tables.length === 0) return 0;
  if (tables.length < names.bareTables.length || !(await hasMeta(ask, names))) throw foreign(names);
  const rows = await ask(`SELECT name::text, value::text FROM ${names.meta}`);
  const meta = new Map(rows.map(([name, value]) => [name, value]));
  const version = Number(meta.get("schema"));
  if (meta.get("store") !== "holdfast" || !Number.isSafeInteger(version) || version < 1) throw foreign(names);
  return version;
}

/** Whether the table that should hold the version has its columns. */
async function hasMeta(ask: Ask, { meta }: PostgresNames): Promise<boolean> {
  const text =
    "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attname IN ('name', 'value')";
  return (await ask(text, [meta])).length === 2;
}

/** $1: the schema, $2: names. */
function inSchema(name: string, catalogue: string, schema: string): string {
  return `${catalogue} JOIN pg_namespace s ON s.oid = ${schema} WHERE s.nspname = $1 AND ${name} = ANY ($2)`;
}

function foreign({ table }: PostgresNames): StorageFault {
  return new StorageFault(
    "foreign",
    `there is a table ${table}, or one whose name begins with it, that is not a store's; choose another postgres.table`,
  );
}

async function missingFunctions(ask: Ask, { schema }: PostgresNames, functions: StoreFunctions) {
  const all = [functions.commit, functions.recall];
  const rows = await ask(`SELECT p.proname FROM ${inSchema("p.proname", "pg_proc p", "p.pronamespace")}`, [
    schema,
    all.map(({ bareName }) => bareName),
  ]);
  const present = new Set(rows.map(([name]) => name));
  return all.filter(({ bareName }) => !present.has(bareName));
}

async function makeReady(ask: Ask, names: PostgresNames, functions: StoreFunctions): Promise<void> {
  const version = await schemaVersion(ask, names);
  for (const migrate of MIGRATIONS.slice(version)) await ask(migrate(names));
  await ask(
    `INSERT INTO ${names.meta} VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    [String(SCHEMA_VERSION)],
  );
  for (const { create } of await missingFunctions(ask, names, functions)) await ask(create);
}
