import { StorageFault } from "../../core/errors.js";
import { withRetry, type BusyRetrySetup, type Waiting } from "./busy-retry.js";
import { migrate, schemaVersion } from "./schema.js";
import { SqliteConnection } from "./sqlite-connection.js";
import type { SqliteDriver } from "./sqlite-database.js";
import { sqliteFault } from "./sqlite-errors.js";
import type { SqliteOptions } from "./sqlite-options.js";

/** Pages that a connection keeps; the default of 2 MiB holds too little of what is written again and again. */
const CACHE_KIB = 16 * 1024;

/** The log is cut back to this size when it starts over. */
const KEPT_LOG_BYTES = 64 * 1024 * 1024;

/**
 * Opens a connection to a database of ours, or to an empty one, which becomes ours. Whose it is is found out before
 * anything is changed.
 *
 * @throws StorageFault `foreign`, `newer-format`, or what SQLite says.
 */
export async function openConnection(
  driver: SqliteDriver,
  options: SqliteOptions,
  waiting: Waiting,
  retry: BusyRetrySetup,
): Promise<SqliteConnection> {
  const { path, isFile, synchronous } = options;
  const connection = await withRetry(waiting, retry, () => new SqliteConnection(driver.open(path)));
  try {
    connection.exec(`PRAGMA busy_timeout = 0; PRAGMA cache_size = -${CACHE_KIB}`);
    await withRetry(waiting, retry, () => schemaVersion(connection, path));
    if (isFile) await withRetry(waiting, retry, () => keepLog(connection, path));
    connection.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}`);
    await withRetry(waiting, retry, () => migrate(connection, path));
    return connection;
  } catch (error) {
    connection.close();
    throw sqliteFault(error, retry.doing);
  }
}

/** With a log ahead of the file readers and the writer never wait for each other. */
function keepLog(connection: SqliteConnection, path: string): void {
  connection.exec("PRAGMA journal_mode = WAL");
  if (connection.number("SELECT journal_mode = 'wal' AS kept FROM pragma_journal_mode") === 1) return;
  throw new StorageFault(
    "unsupported",
    `${path} is on a file system that cannot share memory between processes, as network file systems are; ` +
      "give a path on a local disk",
  );
}
