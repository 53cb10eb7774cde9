import { POSTGRES_URL } from "../../core/server-address.js";
import type { BackendSetup } from "../backend.js";
import type { ClientOptions } from "./postgres-driver.js";
import { checkTable } from "./postgres-names.js";

export interface PostgresOptions {
  readonly client: ClientOptions;
  readonly table: string;
  /** Most connections, beside the one that listens. */
  readonly pool: number;
}

const DEFAULT_POOL = 10;
/** The limit of the call that wants a connection passes before the driver's own, and says what it waited for. */
const CONNECT_SLACK_MS = 500;

/** @throws TypeError when an option is not acceptable; the message never holds the url, in which a password may stand. */
export function postgresOptions({ options, operationTimeoutMs }: BackendSetup): PostgresOptions {
  const { url, host, port, user, password, database, table = "holdfast", pool = DEFAULT_POOL } = options;
  const { options: others } = options;
  if (typeof pool !== "number" || !Number.isSafeInteger(pool) || pool < 1) {
    throw new TypeError("postgres.pool must be a whole number of connections, at least 1");
  }
  const client = {
    ...(others as ClientOptions | undefined),
    ...(url !== undefined && { connectionString: checkUrl(url) }),
    ...given({ host, port, user, password, database }),
    application_name: "holdfast",
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: operationTimeoutMs + CONNECT_SLACK_MS,
  };
  return { client, table: checkTable(table), pool };
}

function given(options: Readonly<Record<string, unknown>>): Partial<ClientOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkUrl(url: unknown): string {
  if (!POSTGRES_URL.accepts(url)) throw new TypeError(`postgres.url must look like ${POSTGRES_URL.example}`);
  return url;
}
