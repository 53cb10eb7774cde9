import type { Row, SqliteDatabase, SqliteStatement, SqlValue } from "./sqlite-database.js";

/** The interface that better-sqlite3 brought up and libsql shares, as far as it is used. */
export interface ClassicDatabase {
  prepare(sql: string): ClassicStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

export interface ClassicStatement {
  readonly reader: boolean;
  raw(toggle?: boolean): unknown;
  run(values: readonly unknown[]): unknown;
  get(values: readonly unknown[]): unknown;
  all(values: readonly unknown[]): unknown;
}

/** A database of one of these drivers as ours. */
export function classicDatabase(database: ClassicDatabase): SqliteDatabase {
  return {
    prepare: (sql) => new Statement(database.prepare(sql)),
    exec: (sql) => void database.exec(sql),
    close: () => void database.close(),
  };
}

class Statement implements SqliteStatement {
  readonly #statement: ClassicStatement;

  constructor(statement: ClassicStatement) {
    this.#statement = statement;
    if (statement.reader) statement.raw(true);
  }

  run(values: readonly SqlValue[]): void {
    this.#statement.run(values);
  }

  get(values: readonly SqlValue[]): Row | undefined {
    return this.#statement.get(values) as Row | undefined;
  }

  all(values: readonly SqlValue[]): readonly Row[] {
    return this.#statement.all(values) as readonly Row[];
  }
}
