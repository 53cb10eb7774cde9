import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import type { MysqlConnection, MysqlDriver, MysqlPool as DriverPool, MysqlPoolOptions, MysqlRow } from "./mysql-driver.js";
import { isConnectionLoss, isUnanswered, mysqlFault } from "./mysql-errors.js";

/** Connections that a restart of the server left dead are met one after the other. */
const READ_ATTEMPTS = 3;

/** Asks one connection; every answer settles when the context is over. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly MysqlRow[]>;

/** Connections to one server; every call on them settles when its context is over. */
export class MysqlPool {
  readonly #pool: DriverPool;

  /** @param settings a statement that every connection begins with */
  constructor(driver: MysqlDriver, options: Pick<MysqlPoolOptions, "uri" | "connectionLimit">, settings: string) {
    this.#pool = driver.createPool({
      ...options,
      rowsAsArray: true,
      supportBigNumbers: true,
      charset: "utf8mb4",
      enableKeepAlive: true,
    });
    this.#pool.on("connection", (connection) => {
      connection.query(settings, (error) => {
        // Under other settings commits would not be isolated.
        if (error !== null) connection.destroy();
      });
    });
  }

  /** Asks something that only reads, again when the connection turns out to be lost. */
  async read(ctx: Context, text: string, values: readonly unknown[] = []): Promise<readonly MysqlRow[]> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#acquire(ctx);
      try {
        return (await this.#run(ctx, connection, text, values)) as readonly MysqlRow[];
      } catch (error) {
        if (attempt >= READ_ATTEMPTS || ctx.err() !== undefined || !isConnectionLoss(error)) throw mysqlFault(error);
      }
    }
  }

  /** Runs several statements on one connection, which is closed when one of them fails. */
  async session<T>(ctx: Context, work: (ask: Ask) => Promise<T>): Promise<T> {
    const connection = await this.#acquire(ctx);
    let failed = true;
    try {
      const result = await work(async (text, values = []) => {
        const [answer] = await this.#within(ctx, connection, connection.query(text, values));
        return Array.isArray(answer) ? (answer as readonly MysqlRow[]) : [];
      });
      failed = false;
      return result;
    } catch (error) {
      throw mysqlFault(error);
    } finally {
      if (failed) connection.destroy();
      else connection.release();
    }
  }

  /**
   * Calls a procedure that writes, once, and gives its sets of rows. Rejects with `unanswered` of the connection's number
   * when it is not known what came of it; with a fault when it is known that nothing did. A while before the deadline the
   * server is asked to give up, so that it does not go on for nobody.
   */
  async call(
    ctx: Context,
    text: string,
    values: readonly unknown[],
    unanswered: (threadId: number, cause: StorageFault) => Error,
  ): Promise<readonly (readonly MysqlRow[])[]> {
    const connection = await this.#acquire(ctx);
    let givenUp = false;
    const giveUp = setTimeout(
      () => {
        givenUp = true;
        this.#kill(connection);
      },
      Math.max(0, ctx.remainingMs() - answerReserveMs(ctx)),
    );
    try {
      const sets = (await this.#run(ctx, connection, text, values, () => givenUp)) as unknown[];
      return sets.filter((set) => Array.isArray(set)) as MysqlRow[][];
    } catch (error) {
      const isOver = error instanceof StorageFault;
      throw isOver || isUnanswered(error) ? unanswered(connection.threadId, mysqlFault(error)) : mysqlFault(error);
    } finally {
      clearTimeout(giveUp);
    }
  }

  /** Lets every connection go. */
  async end(): Promise<void> {
    await this.#pool.end();
  }

  async #acquire(ctx: Context): Promise<MysqlConnection> {
    const connecting = this.#pool.getConnection();
    try {
      return await settleWithin(ctx, connecting);
    } catch (error) {
      connecting.then(
        (connection) => connection.release(),
        () => undefined,
      );
      throw mysqlFault(error);
    }
  }

  /**
   * One statement, after which the connection goes back to the pool, or away when its state is not known: so also when
   * the server was asked to give it up, which may reach it in the middle of its next statement.
   */
  async #run(
    ctx: Context,
    connection: MysqlConnection,
    text: string,
    values: readonly unknown[],
    isGivenUp: () => boolean = () => false,
  ): Promise<unknown> {
    try {
      const [answer] = await this.#within(ctx, connection, connection.execute(text, values));
      if (isGivenUp()) connection.destroy();
      else connection.release();
      return answer;
    } catch (error) {
      // A statement that was given up may have left its transaction open.
      if (error instanceof StorageFault || isUnanswered(error)) connection.destroy();
      else connection.release();
      throw error;
    }
  }

  async #within<T>(ctx: Context, connection: MysqlConnection, answer: Promise<T>): Promise<T> {
    try {
      return await settleWithin(ctx, answer);
    } catch (error) {
      if (error === ctx.err()) this.#kill(connection);
      throw error;
    }
  }

  /** Asks the server to give up what a connection waits for; without waiting for that. */
  #kill({ threadId }: MysqlConnection): void {
    const asking = this.#pool.getConnection().then(async (connection) => {
      try {
        await connection.query(`KILL QUERY ${threadId}`);
        connection.release();
      } catch {
        connection.destroy();
      }
    });
    asking.catch(() => undefined);
  }
}

/** How long before its deadline a write is given up, so that there is time to find out what became of it. */
export function answerReserveMs(ctx: Context): number {
  return Math.min(500, ctx.remainingMs() / 5);
}
