import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import { madeByDriver } from "../../core/driver-fault.js";
import { MysqlCanceller } from "./mysql-cancel.js";
import type {
  MysqlClientOptions,
  MysqlDriver,
  MysqlDriverPool,
  MysqlPooledClient,
  MysqlRow,
} from "./mysql-driver.js";
import { isConnectionLoss, isEnded, isStale, isToRepeat, isUnanswered, mysqlFault } from "./mysql-errors.js";
import { sessionSettings, statementLimit, statementMs } from "./mysql-settings.js";
import type { Question } from "./mysql-statements.js";

/** Connections that a restart of the server left dead are met one after the other; then new ones, so many. */
const FRESH_ATTEMPTS = 2;

/** Asks one connection; every answer settles when the context is over. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly MysqlRow[]>;

/** What is known of a connection of the pool. */
interface Session {
  /** The name of a lock that this connection holds as long as the server has it, and nobody else. */
  readonly lock: string;
  readonly isMariadb: boolean;
  /** How long the server lets its statements run. */
  limitMs: number;
}

export interface PoolSetup {
  readonly driver: MysqlDriver;
  readonly options: MysqlClientOptions;
  /** Most connections. */
  readonly max: number;
  /** How long a statement may usually take. */
  readonly timeoutMs: number;
  /** Makes a name that no connection has had. */
  readonly newLock: () => string;
}

/** Of one write: with maintenance of the tables, which locks them in another order than commits do. */
const MOST_DEADLOCKS = 10;

/** Connections to one server; every call on them settles when its context is over. */
export class MysqlPool {
  readonly #setup: PoolSetup;
  readonly #pool: MysqlDriverPool;
  readonly #canceller: MysqlCanceller;
  readonly #sessions = new WeakMap<object, Session>();

  constructor(setup: PoolSetup) {
    const { driver, options, max } = setup;
    this.#setup = setup;
    this.#pool = madeByDriver("mysql", () => driver.createPool({ ...options, connectionLimit: max }));
    this.#canceller = new MysqlCanceller(driver, options);
  }

  /** Asks something that may be asked twice, and again when the connection turns out to be lost. */
  async read(ctx: Context, question: Question): Promise<readonly MysqlRow[]> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#acquire(ctx);
      try {
        const rows = await this.#ask(ctx, client, question);
        client.release();
        return rows;
      } catch (error) {
        if (isUnanswered(error) || isStale(error)) client.destroy();
        else client.release();
        if (
          attempt >= this.#setup.max + FRESH_ATTEMPTS ||
          ctx.err() !== undefined ||
          !(isConnectionLoss(error) || isToRepeat(error))
        ) {
          throw mysqlFault(error);
        }
      }
    }
  }

  /** Runs several statements on one connection, which is closed when one of them fails. */
  async session<T>(ctx: Context, work: (ask: Ask) => Promise<T>): Promise<T> {
    const client = await this.#acquire(ctx);
    let failed = true;
    try {
      const result = await work((text, values = []) => this.#ask(ctx, client, { text, values }));
      failed = false;
      return result;
    } catch (error) {
      throw mysqlFault(error);
    } finally {
      if (failed) client.destroy();
      else client.release();
    }
  }

  /**
   * Asks something that writes, once. Rejects with `unanswered` of the session's lock when it was sent and it is not known
   * what came of it; with a fault when it is known that nothing did. A while before the deadline the server is asked to
   * give up, so that a definite answer still arrives in time. Where it broke a deadlock it has undone what was asked, and
   * wants to be asked again.
   */
  async write(
    ctx: Context,
    question: Question,
    unanswered: (sessionLock: string, cause: StorageFault) => Error,
  ): Promise<readonly MysqlRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#writeOnce(ctx, question, unanswered);
      } catch (error) {
        const isBroken = error instanceof StorageFault && isToRepeat(error.cause);
        if (!isBroken || attempt >= MOST_DEADLOCKS || ctx.err() !== undefined) throw error;
      }
    }
  }

  async #writeOnce(
    ctx: Context,
    question: Question,
    unanswered: (sessionLock: string, cause: StorageFault) => Error,
  ): Promise<readonly MysqlRow[]> {
    const client = await this.#acquire(ctx);
    const { lock } = this.#sessionOf(client);
    let isCancelled = false;
    const giveUp = setTimeout(
      () => {
        isCancelled = true;
        this.#canceller.cancel(lock);
      },
      Math.max(0, ctx.remainingMs() - answerReserveMs(ctx)),
    );
    let isClean = false;
    try {
      const rows = await this.#ask(ctx, client, question);
      isClean = true;
      return rows;
    } catch (error) {
      const isAnswered = !isUnanswered(error);
      isClean = isAnswered && !isStale(error);
      const nothingHappened = isAnswered || (isEnded(error) && (await this.#hasNotCommitted(ctx, client)));
      throw nothingHappened ? mysqlFault(error) : unanswered(lock, mysqlFault(error));
    } finally {
      clearTimeout(giveUp);
      // A request to give up that comes late would meet the connection's next statement.
      if (isClean && !isCancelled) client.release();
      else client.destroy();
    }
  }

  /** Lets every connection go. One that is still being made may fail meanwhile, and then it is gone as well. */
  async end(): Promise<void> {
    this.#canceller.close();
    await this.#pool.end().catch(() => undefined);
  }

  async #acquire(ctx: Context): Promise<MysqlPooledClient> {
    const connecting = this.#pool.getConnection();
    let client: MysqlPooledClient;
    try {
      client = await settleWithin(ctx, connecting);
    } catch (error) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw mysqlFault(error);
    }
    try {
      await this.#prepare(ctx, client);
      return client;
    } catch (error) {
      client.destroy();
      throw mysqlFault(error);
    }
  }

  /** Once for each connection. */
  async #prepare(ctx: Context, client: MysqlPooledClient): Promise<void> {
    if (this.#sessions.has(client.connection)) return;
    const lock = this.#setup.newLock();
    const ask = async (text: string): Promise<unknown> => (await settleWithin(ctx, client.query(text)))[0];
    const rows = (await ask(`SELECT VERSION(), GET_LOCK('${lock}', 0)`)) as readonly MysqlRow[];
    const isMariadb = /mariadb/i.test(String(rows[0]?.[0]));
    for (const text of sessionSettings(isMariadb, this.#setup.timeoutMs)) await ask(text);
    this.#sessions.set(client.connection, { lock, isMariadb, limitMs: statementMs(this.#setup.timeoutMs) });
  }

  async #ask(ctx: Context, client: MysqlPooledClient, question: Question): Promise<readonly MysqlRow[]> {
    await this.#allowTime(ctx, client);
    try {
      const [answer] = await settleWithin(ctx, client.execute(question.text, question.values));
      return rowsOf(answer);
    } catch (error) {
      if (error === ctx.err()) this.#canceller.cancel(this.#sessionOf(client).lock);
      throw error;
    }
  }

  /** Where a caller gives more time than usual, the server has to know; where no longer, it has to know again. */
  async #allowTime(ctx: Context, client: MysqlPooledClient): Promise<void> {
    const session = this.#sessionOf(client);
    const usualMs = statementMs(this.#setup.timeoutMs);
    const wantedMs = Math.max(usualMs, statementMs(ctx.remainingMs()));
    if (wantedMs === session.limitMs) return;
    session.limitMs = wantedMs;
    const text = `SET SESSION ${statementLimit(session.isMariadb, wantedMs)}`;
    await settleWithin(ctx, client.query(text));
  }

  /** Of a call that the server ended, by its connection: whether it had not yet come to committing. */
  async #hasNotCommitted(ctx: Context, client: MysqlPooledClient): Promise<boolean> {
    try {
      await settleWithin(ctx, client.query("ROLLBACK"));
      const [answer] = await settleWithin(ctx, client.query("SELECT @holdfast_commits"));
      return Number(rowsOf(answer)[0]?.[0] ?? 1) === 0;
    } catch {
      return false;
    }
  }

  #sessionOf({ connection }: MysqlPooledClient): Session {
    return this.#sessions.get(connection) as Session;
  }
}

/** The rows of a statement, or those of all sets that a procedure answered, whose last word is no set. */
function rowsOf(answer: unknown): readonly MysqlRow[] {
  if (!Array.isArray(answer)) return [];
  if (answer.length === 0 || Array.isArray(answer.at(-1))) return answer as readonly MysqlRow[];
  return (answer.slice(0, -1) as (readonly MysqlRow[])[]).flat();
}

/** How long before its deadline a write is given up, so that the server's answer to that arrives. */
export function answerReserveMs(ctx: Context): number {
  return Math.min(500, ctx.remainingMs() / 5);
}
