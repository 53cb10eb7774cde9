import { driverFault } from "../../core/driver-fault.js";

/** What is used of the package `pg`. */
export interface PostgresDriver {
  readonly Pool: new (options: PoolOptions) => PgPool;
  readonly Client: new (options: ClientOptions) => PgClient;
}

export interface ClientOptions {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly application_name?: string;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelayMillis?: number;
  readonly connectionTimeoutMillis?: number;
}

export interface PoolOptions extends ClientOptions {
  readonly max: number;
  readonly idleTimeoutMillis: number;
  readonly onConnect: (client: PgClient) => Promise<void>;
}

export interface PgQuery {
  /** A name makes it a prepared statement, of the connection. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => string };
}

/** A value as the server writes it; null is NULL. */
export type PgField = string | null;

export interface PgResult {
  readonly rows: readonly (readonly PgField[])[];
}

interface Emitter {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { readonly payload?: string }) => void): unknown;
}

export interface PgClient extends Emitter {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly host: string;
  readonly port: number;
  readonly connection: { readonly stream: { destroy(): void } };
  connect(): Promise<unknown>;
  query(query: PgQuery): Promise<PgResult>;
  end(): Promise<void>;
}

export interface PooledClient extends PgClient {
  /** With true the connection is closed instead of kept. */
  release(destroy?: boolean): void;
}

export interface PgPool extends Emitter {
  connect(): Promise<PooledClient>;
  end(): Promise<void>;
}

/** @throws StorageFault `unsupported` with the command that installs the driver. */
export async function loadPostgresDriver(): Promise<PostgresDriver> {
  try {
    const { default: driver } = (await import("pg")) as { default: PostgresDriver };
    return driver;
  } catch (error) {
    throw driverFault("postgres", "pg", error);
  }
}

/** Every field as the server's text: what stands where is known, and guessing by type costs time. */
export const AS_TEXT = { getTypeParser: () => (text: string) => text };
