import { StorageFault } from "../../core/errors.js";
import type { SqliteConnection } from "./sqlite-connection.js";

/** "Hlds", in the header of every database of ours. */
const APPLICATION_ID = 0x486c6473;

/**
 * What leads from each version of the schema to the next; never changed, only added to.
 *
 * - `namespaces`: `id` names it in the change log, `gen` in `entries`. Emptying one gives it another `gen`, and the entries
 *   of the old one are removed later. `tip` is the id of its last commit, `written` how many writes it ever logged.
 * - `entries`: `head` and `data` as entry-row.ts makes them; `hash_hi` and `hash_lo` the halves of the entry's hash.
 * - `changes`: some commits of one call, `last` the ordinal of the last of them; see change-rows.ts.
 * - `dropped`: generations whose entries are to be removed.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE namespaces (
     name TEXT PRIMARY KEY, id INTEGER NOT NULL, gen INTEGER NOT NULL, ordinal INTEGER NOT NULL,
     now INTEGER NOT NULL, written INTEGER NOT NULL, tip BLOB NOT NULL
   ) WITHOUT ROWID;
   CREATE UNIQUE INDEX namespaces_by_gen ON namespaces (gen);
   CREATE TABLE entries (
     ns INTEGER NOT NULL, key BLOB NOT NULL, expires INTEGER, hash_hi INTEGER NOT NULL, hash_lo INTEGER NOT NULL,
     head BLOB NOT NULL, data BLOB NOT NULL, PRIMARY KEY (ns, key)
   ) WITHOUT ROWID;
   CREATE INDEX entries_by_expiry ON entries (expires) WHERE expires IS NOT NULL;
   CREATE TABLE changes (
     ns INTEGER NOT NULL, last INTEGER NOT NULL, now INTEGER NOT NULL, written INTEGER NOT NULL,
     commits BLOB NOT NULL, PRIMARY KEY (ns, last)
   ) WITHOUT ROWID;
   CREATE TABLE dropped (gen INTEGER PRIMARY KEY);
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
   INSERT INTO counters VALUES ('ids', 0), ('flushes', 0);`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Whose database this is, without changing it: ours of some version, or an empty one (0). @throws StorageFault */
export function schemaVersion(connection: SqliteConnection, path: string): number {
  return connection.view(() => {
    const owner = connection.number("PRAGMA application_id");
    const version = connection.number("PRAGMA user_version");
    if (owner === APPLICATION_ID) return checked(version, path);
    const tables = connection.number("SELECT count(*) AS tables FROM sqlite_schema");
    if (owner === 0 && version === 0 && tables === 0) return 0;
    throw new StorageFault(
      "foreign",
      `${path} is a database of another program, and is left as it is; give the path of a new file`,
    );
  });
}

/** Brings the schema up to date in one transaction; somebody else may have done so meanwhile. @throws the driver's error */
export function migrate(connection: SqliteConnection, path: string): void {
  if (schemaVersion(connection, path) === SCHEMA_VERSION) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    const from = connection.number("PRAGMA user_version");
    for (const step of MIGRATIONS.slice(from)) connection.exec(step);
    if (from < SCHEMA_VERSION) {
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    connection.exec("COMMIT");
  } catch (error) {
    connection.rollBack();
    throw error;
  }
}

function checked(version: number, path: string): number {
  if (version >= 1 && version <= SCHEMA_VERSION) return version;
  throw new StorageFault(
    "newer-format",
    `${path} was written by a newer version: its schema is ${version}, this one knows up to ${SCHEMA_VERSION}; ` +
      "upgrade the package",
  );
}
