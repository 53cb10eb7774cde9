import type { BackendSetup } from "../backend.js";
import type { MysqlClientOptions } from "./mysql-driver.js";

export interface MysqlOptions {
  readonly client: MysqlClientOptions;
  readonly table: string;
  /** Most connections. */
  readonly pool: number;
}

const DEFAULT_POOL = 10;
const SCHEMES: ReadonlySet<string> = new Set(["mysql:", "mariadb:"]);
/** A name that needs no escaping and leaves room for what is put behind it. */
const TABLE = /^[a-z_][a-z0-9_]{0,47}$/;

/** @throws TypeError when an option is not acceptable; the message never holds the url, in which a password may stand. */
export function mysqlOptions({ options, operationTimeoutMs }: BackendSetup): MysqlOptions {
  const { url, host, port, user, password, database, table = "holdfast", pool = DEFAULT_POOL } = options;
  if (typeof pool !== "number" || !Number.isSafeInteger(pool) || pool < 1) {
    throw new TypeError("mysql.pool must be a whole number of connections, at least 1");
  }
  if (typeof table !== "string" || !TABLE.test(table)) {
    throw new TypeError('mysql.table must be a name of at most 48 lower-case letters, digits and "_"');
  }
  const client = {
    ...(url !== undefined && { uri: checkUrl(url) }),
    ...given({ host, port, user, password, database }),
    connectTimeout: operationTimeoutMs,
  };
  return { client, table, pool };
}

function given(options: Readonly<Record<string, unknown>>): MysqlClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkUrl(url: unknown): string {
  if (typeof url !== "string" || !URL.canParse(url) || !SCHEMES.has(new URL(url).protocol)) {
    throw new TypeError("mysql.url must look like mysql://user:password@host:3306/database");
  }
  return url;
}
