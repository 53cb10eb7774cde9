import { MYSQL_URL } from "../../core/server-address.js";
import type { BackendSetup } from "../backend.js";
import type { MysqlClientOptions } from "./mysql-driver.js";
import { checkTable } from "./mysql-names.js";

export interface MysqlOptions {
  readonly client: MysqlClientOptions;
  readonly table: string;
  /** Most connections, beside the one that cancels what the others do. */
  readonly pool: number;
}

const DEFAULT_POOL = 10;
/** The limit of the call that wants a connection passes before the driver's own, and says what it waited for. */
const CONNECT_SLACK_MS = 500;

/** What the statements here count on, whatever else the client is told. */
const OWN = {
  charset: "utf8mb4",
  rowsAsArray: true,
  nestTables: false,
  namedPlaceholders: false,
  multipleStatements: false,
  supportBigNumbers: true,
  bigNumberStrings: false,
  decimalNumbers: false,
  typeCast: true,
  enableKeepAlive: true,
  keepAliveInitialDelay: 10_000,
  waitForConnections: true,
  queueLimit: 0,
  flags: ["-LOCAL_FILES"],
} as const;

/** @throws TypeError when an option is not acceptable; the message never holds the url, in which a password may stand. */
export function mysqlOptions({ options, operationTimeoutMs }: BackendSetup): MysqlOptions {
  const { url, host, port, user, password, database, table = "holdfast", pool = DEFAULT_POOL } = options;
  const { options: others } = options;
  if (typeof pool !== "number" || !Number.isSafeInteger(pool) || pool < 1) {
    throw new TypeError("mysql.pool must be a whole number of connections, at least 1");
  }
  const client = {
    // To note who asks, in case it fails, costs 30 to 40 µs for each statement, as much as all else that the driver does.
    trace: false,
    ...(others as MysqlClientOptions | undefined),
    ...(url !== undefined && { uri: checkUrl(url) }),
    ...given({ host, port, user, password, database }),
    ...OWN,
    connectTimeout: operationTimeoutMs + CONNECT_SLACK_MS,
  };
  return { client, table: checkTable(table), pool };
}

function given(options: Readonly<Record<string, unknown>>): MysqlClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkUrl(url: unknown): string {
  if (!MYSQL_URL.accepts(url)) throw new TypeError(`mysql.url must look like ${MYSQL_URL.example}`);
  return url;
}
