/** What is bound to a statement; `undefined` and booleans are no SQL values, and one driver ends the process on them. */
export type SqlValue = string | number | Uint8Array | null;

/** A row by position. Integers are numbers, blobs are bytes; texts are never asked for, see {@link SqliteStatement}. */
export type Row = readonly (number | Uint8Array | null)[];

/**
 * A prepared statement. Everything textual is read as a blob: libsql ends the process on a text that is no valid UTF-8,
 * as a damaged page may hold, and cuts one at U+0000.
 */
export interface SqliteStatement {
  run(values: readonly SqlValue[]): void;
  /** The first row. */
  get(values: readonly SqlValue[]): Row | undefined;
  all(values: readonly SqlValue[]): readonly Row[];
}

/** A connection, as all drivers give it: synchronous, and failing at once when the database is locked. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  /** Runs statements that give no rows. */
  exec(sql: string): void;
  close(): void;
}

/** The part of a driver that is used. */
export interface SqliteDriver {
  readonly name: string;
  /** What a worker thread imports to have the driver too. */
  readonly url: string;
  /** @throws the driver's own error. */
  open(path: string): SqliteDatabase;
}

/** Loads a driver; undefined when it is not installed. @throws StorageFault when it cannot run here. */
export type DriverLoader = () => Promise<SqliteDriver | undefined>;

/** The path of a database that lives in memory, in every driver. */
export const IN_MEMORY = ":memory:";

/** Whether an import failed because the package itself is not there, and not something that it needs. */
export function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const missing =
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || code === "ERR_UNKNOWN_BUILTIN_MODULE";
  return missing && typeof message === "string" && message.includes(name);
}
