import {
  isMissing,
  type DriverLoader,
  type Row,
  type SqliteDatabase,
  type SqliteStatement,
  type SqlValue,
} from "./sqlite-database.js";

interface Module {
  readonly DatabaseSync: new (path: string) => NodeDatabase;
}

interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}

interface NodeStatement {
  /** From Node 22.16. */
  setReturnArrays?(enabled: boolean): void;
  run(...values: readonly unknown[]): unknown;
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): readonly unknown[];
}

export const nodeSqlite: DriverLoader = async () => {
  const module = await load();
  if (module === undefined) return undefined;
  return { name: "node:sqlite", url: "node:sqlite", open: (path) => open(module, path) };
};

async function load(): Promise<Module | undefined> {
  try {
    const module: unknown = await import("node:sqlite");
    return module as Module;
  } catch (error) {
    if (isMissing(error, "node:sqlite")) return undefined;
    throw error;
  }
}

function open(module: Module, path: string): SqliteDatabase {
  const database = new module.DatabaseSync(path);
  return {
    prepare: (sql) => new Statement(database.prepare(sql)),
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
  };
}

class Statement implements SqliteStatement {
  readonly #statement: NodeStatement;
  readonly #toRow: (row: unknown) => Row;

  constructor(statement: NodeStatement) {
    this.#statement = statement;
    statement.setReturnArrays?.(true);
    // Older ones give objects; every column asked for has a name of its own.
    this.#toRow =
      statement.setReturnArrays === undefined
        ? (row) => Object.values(row as object) as Row
        : (row) => row as Row;
  }

  run(values: readonly SqlValue[]): void {
    this.#statement.run(...values);
  }

  get(values: readonly SqlValue[]): Row | undefined {
    const row = this.#statement.get(...values);
    return row === undefined || row === null ? undefined : this.#toRow(row);
  }

  all(values: readonly SqlValue[]): readonly Row[] {
    return this.#statement.all(...values).map((row) => this.#toRow(row));
  }
}
