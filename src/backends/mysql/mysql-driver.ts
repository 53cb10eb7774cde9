import { driverFault } from "../../core/driver-fault.js";

/** What is used of the package `mysql2`. */
export interface MysqlDriver {
  createPool(options: MysqlPoolOptions): MysqlDriverPool;
  createConnection(options: MysqlClientOptions): Promise<MysqlClient>;
}

export interface MysqlClientOptions {
  readonly uri?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly connectTimeout?: number;
  readonly rowsAsArray?: true;
}

export interface MysqlPoolOptions extends MysqlClientOptions {
  readonly connectionLimit: number;
}

/** A field of a row: numbers, texts, and bytes as Buffers. */
export type MysqlField = number | string | Uint8Array | null;

export type MysqlRow = readonly MysqlField[];

/** What a statement answers: rows, or a procedure's sets of rows and a header, or a header alone. */
export type MysqlAnswer = readonly [answer: unknown, fields: unknown];

export interface MysqlClient {
  query(text: string): Promise<MysqlAnswer>;
  /** A prepared statement, kept by the connection. */
  execute(text: string, values?: readonly unknown[]): Promise<MysqlAnswer>;
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface MysqlPooledClient extends MysqlClient {
  /** The connection itself; what the pool hands out is another wrapping of it each time. */
  readonly connection: object;
  release(): void;
}

export interface MysqlDriverPool {
  getConnection(): Promise<MysqlPooledClient>;
  end(): Promise<void>;
}

/** @throws StorageFault `unsupported` with the command that installs the driver. */
export async function loadMysqlDriver(): Promise<MysqlDriver> {
  try {
    const { default: driver } = (await import("mysql2/promise")) as unknown as { default: MysqlDriver };
    return driver;
  } catch (error) {
    throw driverFault("mysql", "mysql2", error);
  }
}
