import driver from "mysql2/promise";
import type {
  MysqlDriver,
  MysqlDriverPool,
  MysqlPooledClient,
  MysqlPoolOptions,
} from "../../src/backends/mysql/mysql-driver.js";
import { atEndOfTests } from "./fixtures.js";

/** What is used of the driver's pool beside what the product uses. */
interface DriverPool extends MysqlDriverPool {
  readonly pool: Record<
    "_allConnections" | "_freeConnections" | "_connectionQueue",
    { readonly length: number }
  >;
}

/** What the product sets for a session, and what it holds there, as with a connection that is new. */
const AS_NEW = `SET @as_new = RELEASE_ALL_LOCKS(), @holdfast_commits = NULL, ${[
  "autocommit",
  "sql_mode",
  "time_zone",
  "group_concat_max_len",
  "innodb_lock_wait_timeout",
  "lock_wait_timeout",
  "max_statement_time",
  "tx_isolation",
]
  .map((name) => `SESSION ${name} = DEFAULT`)
  .join(", ")}`;

/** Pools that nobody uses, by the options that they were made with. */
const kept = new Map<string, DriverPool[]>();
atEndOfTests(async () => {
  await Promise.all([...kept.values()].flat().map((pool) => pool.end()));
});

/**
 * A pool whose `end` keeps its connections, where nothing is under way on any of them. The server forgets settings and
 * locks in between, and not prepared statements, as the connection does not.
 */
class KeptPool implements MysqlDriverPool {
  readonly #place: string;
  readonly #pool: DriverPool;
  #isEnded = false;

  constructor(options: MysqlPoolOptions) {
    this.#place = JSON.stringify(options);
    this.#pool = kept.get(this.#place)?.pop() ?? (driver.createPool(options) as unknown as DriverPool);
  }

  async getConnection(): Promise<MysqlPooledClient> {
    if (this.#isEnded) throw new Error("Pool is closed.");
    return await this.#pool.getConnection();
  }

  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (!this.#isIdle() || !(await this.#clean())) return await this.#pool.end();
    kept.set(this.#place, [...(kept.get(this.#place) ?? []), this.#pool]);
  }

  #isIdle(): boolean {
    const { _allConnections: all, _freeConnections: free, _connectionQueue: waiting } = this.#pool.pool;
    return all.length === free.length && waiting.length === 0;
  }

  async #clean(): Promise<boolean> {
    const clients: MysqlPooledClient[] = [];
    try {
      while (this.#pool.pool._freeConnections.length > 0) clients.push(await this.#pool.getConnection());
      await Promise.all(clients.map((client) => client.query(AS_NEW)));
      return true;
    } catch {
      return false;
    } finally {
      for (const client of clients) client.release();
    }
  }
}

/** The driver, but pools outlive the stores that made them: each connection costs the server, and each statement prepared on it. */
export const KEPT_POOLS: MysqlDriver = {
  createPool: (options) => new KeptPool(options),
  createConnection: (options) => (driver as unknown as MysqlDriver).createConnection(options),
};
