import { StorageFault } from "../../core/errors.js";

/** What is used of the package `mysql2`. */
export interface MysqlDriver {
  createPool(options: MysqlPoolOptions): MysqlPool;
}

export interface MysqlClientOptions {
  readonly uri?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly connectTimeout?: number;
}

export interface MysqlPoolOptions extends MysqlClientOptions {
  readonly connectionLimit: number;
  readonly rowsAsArray: true;
  readonly supportBigNumbers: true;
  readonly charset: string;
  readonly enableKeepAlive: true;
}

/** A field of a row: numbers, texts, and bytes as Buffers. */
export type MysqlField = number | string | Uint8Array | null;

export type MysqlRow = readonly MysqlField[];

/** What a statement answers: rows, or a procedure's several sets of rows, or a header of what was changed. */
export type MysqlAnswer = readonly [answer: unknown, fields: unknown];

export interface MysqlConnection {
  /** The server's number of it. */
  readonly threadId: number;
  /** A prepared statement, kept by the connection. */
  execute(text: string, values?: readonly unknown[]): Promise<MysqlAnswer>;
  query(text: string, values?: readonly unknown[]): Promise<MysqlAnswer>;
  release(): void;
  destroy(): void;
}

/** A connection as the pool's events bring it, before anything was asked of it. */
export interface NewConnection {
  query(text: string, done: (error: Error | null) => void): unknown;
  destroy(): void;
}

export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  on(event: "connection", listener: (connection: NewConnection) => void): unknown;
  end(): Promise<void>;
}

/** @throws StorageFault `unsupported` with the command that installs the driver. */
export async function loadMysqlDriver(): Promise<MysqlDriver> {
  try {
    const { default: driver } = (await import("mysql2/promise")) as unknown as { default: MysqlDriver };
    return driver;
  } catch (error) {
    throw new StorageFault(
      "unsupported",
      "the mysql backend needs the package mysql2; install it: npm install mysql2",
      { cause: error },
    );
  }
}
