import type { Row, SqliteDatabase, SqliteStatement, SqlValue } from "./sqlite-database.js";

/** One connection with its statements, each prepared once. Errors are the driver's own. */
export class SqliteConnection {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  run(sql: string, values: readonly SqlValue[] = []): void {
    try {
      this.#prepared(sql).run(values);
    } catch (error) {
      throw this.#forgetting(sql, error);
    }
  }

  get(sql: string, values: readonly SqlValue[] = []): Row | undefined {
    try {
      return this.#prepared(sql).get(values);
    } catch (error) {
      throw this.#forgetting(sql, error);
    }
  }

  all(sql: string, values: readonly SqlValue[] = []): readonly Row[] {
    try {
      return this.#prepared(sql).all(values);
    } catch (error) {
      throw this.#forgetting(sql, error);
    }
  }

  /** The number in the first column of the only row. */
  number(sql: string, values: readonly SqlValue[] = []): number {
    return (this.get(sql, values)?.[0] as number | undefined) ?? 0;
  }

  /** Runs `look` on one state of the database, whatever others commit meanwhile. */
  view<T>(look: () => T): T {
    this.#database.exec("BEGIN");
    try {
      return look();
    } finally {
      this.rollBack();
    }
  }

  /** Gives up the transaction; SQLite may have done so itself after some errors. */
  rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // There is none any more, which is what was wanted.
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** A statement that met damage is not set back by libsql, and would fail for ever, wherever else it looks. */
  #forgetting(sql: string, error: unknown): unknown {
    this.#statements.delete(sql);
    return error;
  }

  #prepared(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
