import driver from "pg";
import type {
  ClientOptions,
  PgClient,
  PgQuery,
  PgResult,
  PoolOptions,
  PostgresDriver,
} from "../../src/backends/postgres/postgres-driver.js";
import { atEndOfTests } from "./fixtures.js";

type Callback = (error?: Error) => void;

/** What is used of the driver's client beside what the product uses. */
interface DriverClient extends Omit<PgClient, "on"> {
  readonly connection: { readonly stream: { destroy(): void; readonly destroyed: boolean } };
  readonly _queryable: boolean;
  /** `I`: no transaction is open. */
  readonly _txStatus: string | null;
  _getActiveQuery(): unknown;
  connect(done?: Callback): Promise<unknown>;
  query(query: PgQuery | string): Promise<PgResult>;
  end(done?: Callback): Promise<void>;
  on(event: string, listener: (...about: never[]) => void): unknown;
  removeAllListeners(): unknown;
}

const { Client, Pool } = driver as {
  readonly Client: new (options: ClientOptions) => DriverClient;
  readonly Pool: new (options: PoolOptions & { readonly Client: typeof KeptClient }) => object;
};

/** Connections that nobody uses, by the options that they were made with. */
const kept = new Map<string, DriverClient[]>();
atEndOfTests(async () => {
  for (const clients of kept.values()) for (const client of clients) client.connection.stream.destroy();
});

/**
 * A client whose `end` keeps the connection, where nothing is under way on it, and whose constructor gives such a one
 * again. The server forgets settings and channels in between, and not prepared statements, as the client does not.
 */
class KeptClient extends Client {
  #isKept = false;
  #place = "";

  constructor(options: ClientOptions) {
    const place = placeOf(options);
    for (let client = kept.get(place)?.pop(); client !== undefined; client = kept.get(place)?.pop()) {
      if (client.connection.stream.destroyed || !client._queryable) continue;
      client.removeAllListeners();
      // oxlint-disable-next-line no-constructor-return -- the driver's pool makes its clients by `new`
      return client as KeptClient;
    }
    super(options);
    this.#place = place;
  }

  override async connect(done?: Callback): Promise<unknown> {
    if (!this.#isKept) return done === undefined ? super.connect() : super.connect(done);
    this.#isKept = false;
    process.nextTick(() => done?.());
    return this;
  }

  override async end(done?: Callback): Promise<void> {
    const isIdle = this._queryable && this._txStatus === "I" && !this._getActiveQuery();
    if (!isIdle || !(await this.#clean())) return done === undefined ? super.end() : super.end(done);
    this.#isKept = true;
    kept.set(this.#place, [...(kept.get(this.#place) ?? []), this]);
    done?.();
  }

  async #clean(): Promise<boolean> {
    this.removeAllListeners();
    // Of a connection that nobody uses.
    this.on("error", () => undefined);
    try {
      await this.query("RESET ALL; UNLISTEN *");
      return !this.connection.stream.destroyed;
    } catch {
      return false;
    }
  }
}

/** As the store's listener uses a client: it ends it by destroying its stream. */
class KeptListener implements PgClient {
  readonly #client: KeptClient;
  readonly connection = { stream: { destroy: () => void this.#client.end() } };

  constructor(options: ClientOptions) {
    this.#client = new KeptClient(options);
  }

  get processID() {
    return this.#client.processID;
  }

  get secretKey() {
    return this.#client.secretKey;
  }

  get host() {
    return this.#client.host;
  }

  get port() {
    return this.#client.port;
  }

  on(event: string, listener: (...about: never[]) => void) {
    return this.#client.on(event, listener);
  }

  connect() {
    return this.#client.connect();
  }

  query(query: PgQuery) {
    return this.#client.query(query);
  }

  end() {
    return this.#client.end();
  }
}

function placeOf({ connectionString, host, port, user, database, application_name }: ClientOptions): string {
  return JSON.stringify([connectionString, host, port, user, database, application_name]);
}

/** The driver, but connections outlive the stores that made them: a process of the server's for each costs more than a case. */
export const KEPT_CONNECTIONS = {
  Client: KeptListener,
  Pool: class extends Pool {
    constructor(options: PoolOptions) {
      super({ ...options, Client: KeptClient });
    }
  },
} as unknown as PostgresDriver;
