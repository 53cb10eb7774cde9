import type { Context } from "../../core/context.js";
import { Turn } from "../files/turn.js";
import { withRetry, type BusyRetrySetup, type Waiting } from "./busy-retry.js";
import { openConnection } from "./open-connection.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { SqliteDriver } from "./sqlite-database.js";
import { isLocked, resultCode, sqliteFault } from "./sqlite-errors.js";
import { prepareFile } from "./sqlite-file.js";
import type { SqliteOptions } from "./sqlite-options.js";

/** SQLite's code for a full disk: the commit's last page was not written, so it did not happen. */
const FULL = 13;

export interface StoreSetup {
  readonly driver: SqliteDriver;
  readonly options: SqliteOptions;
  readonly retry: Omit<BusyRetrySetup, "doing">;
}

/**
 * A database as one backend has it open. A file has a connection for writing, one for reading that never pauses, and one for
 * long reads, so that a transaction which lets others run meanwhile is seen by nobody. What lives in memory has
 * but one connection, and then nothing else runs while a transaction pauses.
 */
export class SqliteStore {
  readonly driver: SqliteDriver;
  readonly options: SqliteOptions;
  readonly #retry: StoreSetup["retry"];
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  #long: SqliteConnection | undefined;
  readonly #writerTurn = new Turn();
  readonly #longTurn = new Turn();
  /** While the only connection is in the middle of something. */
  #taken: Promise<unknown> | undefined;

  private constructor(
    { driver, options, retry }: StoreSetup,
    writer: SqliteConnection,
    reader: SqliteConnection,
  ) {
    this.driver = driver;
    this.options = options;
    this.#retry = retry;
    this.#writer = writer;
    this.#reader = reader;
  }

  /** @throws StorageFault `foreign`, `newer-format`, `read-only`, `busy`, or what SQLite says. */
  static async open(ctx: Context, setup: StoreSetup): Promise<SqliteStore> {
    const { driver, options } = setup;
    const retry = { ...setup.retry, doing: `opening ${options.path}` };
    if (options.isFile) await prepareFile(options.path);
    const writer = await openConnection(driver, options, ctx, retry);
    if (!options.isFile) return new SqliteStore(setup, writer, writer);
    try {
      return new SqliteStore(setup, writer, await openConnection(driver, options, ctx, retry));
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  /** After everything asked for before. */
  async close(): Promise<void> {
    await this.#longTurn.run(async () => this.#long?.close());
    await this.#writerTurn.run(async () => {
      if (this.#reader !== this.#writer) this.#reader.close();
      if (this.options.isFile) emptyLog(this.#writer);
      this.#writer.close();
    });
  }

  /** Runs `look`, which does not pause, and may be run again when others hold the database locked. */
  async read<T>(waiting: Waiting, look: (connection: SqliteConnection) => T): Promise<T> {
    while (this.#taken !== undefined) await this.#taken;
    return await withRetry(waiting, this.#retrying("reading"), () => look(this.#reader));
  }

  /** Runs `look`, which may pause, on one state of the database. */
  readLong<T>(waiting: Waiting, look: (connection: SqliteConnection) => Promise<T>): Promise<T> {
    if (!this.options.isFile) {
      return this.#writerTurn.run(() => this.#take(() => this.#inTransaction(this.#writer, look, "reading")));
    }
    return this.#longTurn.run(async () => {
      const retry = this.#retrying("reading");
      this.#long ??= await openConnection(this.driver, this.options, waiting, retry);
      const connection = this.#long;
      await withRetry(waiting, retry, () => beginReading(connection));
      return await this.#inTransaction(connection, look, "reading");
    });
  }

  /**
   * Runs `body`, which may pause, in a write transaction, after those asked for before. It resolves when the commit is
   * as durable as the options say; when it rejects nothing of it stays, unless the fault says otherwise.
   */
  write<T>(waiting: Waiting, body: (connection: SqliteConnection) => Promise<T>): Promise<T> {
    return this.#writerTurn.run(() =>
      this.#take(async () => {
        const begin = () => this.#writer.exec("BEGIN IMMEDIATE");
        await withRetry(waiting, this.#retrying("writing"), begin);
        return await this.#inTransaction(this.#writer, body, "writing");
      }),
    );
  }

  /** Makes every commit so far durable: one that is synced takes along all that stand before it in the log. */
  flush(waiting: Waiting): Promise<void> {
    return this.#writerTurn.run(async () => {
      const connection = this.#writer;
      connection.exec("PRAGMA synchronous = FULL");
      try {
        await withRetry(waiting, this.#retrying("flushing"), () =>
          connection.run("UPDATE counters SET value = value + 1 WHERE name = 'flushes'"),
        );
      } finally {
        connection.exec(`PRAGMA synchronous = ${this.options.synchronous}`);
      }
    });
  }

  /** Runs `work` while nothing of this process is being written. */
  withoutWriters<T>(work: () => Promise<T>): Promise<T> {
    return this.#writerTurn.run(work);
  }

  async #inTransaction<T>(
    connection: SqliteConnection,
    body: (connection: SqliteConnection) => Promise<T>,
    doing: "reading" | "writing",
  ): Promise<T> {
    let answer: T;
    try {
      answer = await body(connection);
    } catch (error) {
      connection.rollBack();
      throw sqliteFault(error, `${doing} ${this.options.path}`);
    }
    if (doing === "writing") this.#commit(connection);
    else if (this.options.isFile) connection.rollBack();
    return answer;
  }

  #commit(connection: SqliteConnection): void {
    try {
      connection.exec("COMMIT");
    } catch (error) {
      connection.rollBack();
      const isKnown = isLocked(error) || resultCode(error) === FULL;
      throw sqliteFault(error, `committing to ${this.options.path}`, isKnown ? {} : { outcome: "unknown" });
    }
  }

  async #take<T>(work: () => Promise<T>): Promise<T> {
    if (this.options.isFile) return await work();
    const done = work();
    const ended = done.catch(() => undefined);
    this.#taken = ended;
    try {
      return await done;
    } finally {
      if (this.#taken === ended) this.#taken = undefined;
    }
  }

  #retrying(doing: string): BusyRetrySetup {
    return { ...this.#retry, doing: `${doing} ${this.options.path}` };
  }
}

/**
 * Copies the log into the file, as far as others let it. SQLite does so when the last connection is closed, but libsql
 * keeps one until its statements are collected. What fails here is left for the next who opens the file.
 */
function emptyLog(connection: SqliteConnection): void {
  try {
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (resultCode(error) === undefined) throw error;
  }
}

/** A transaction begins to see one state of the database when it first looks. */
function beginReading(connection: SqliteConnection): void {
  connection.exec("BEGIN");
  try {
    connection.number("PRAGMA user_version");
  } catch (error) {
    connection.rollBack();
    throw error;
  }
}
