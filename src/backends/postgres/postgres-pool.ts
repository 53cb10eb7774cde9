import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import { madeByDriver } from "../../core/driver-fault.js";
import { requestCancel } from "./postgres-cancel.js";
import {
  AS_TEXT,
  type PgClient,
  type PgField,
  type PgPool,
  type PooledClient,
  type PoolOptions,
  type PostgresDriver,
} from "./postgres-driver.js";
import { isConnectionLoss, postgresFault } from "./postgres-errors.js";

export type Rows = readonly (readonly PgField[])[];

export interface Statement {
  /** Prepared under this name, once for each connection; absent for what is asked rarely. */
  readonly name?: string;
  readonly text: string;
}

/** What tells one connection's process on the server from every other, also after a restart. */
export interface ServerSession {
  readonly pid: number;
  /** As {@link SESSION_START} gives it. */
  readonly startedAt: string;
}

/** When a process of the server began, of `pg_stat_activity`: as a number, since how a text is read depends on settings. */
export const SESSION_START = "(extract(epoch FROM backend_start) * 1000000)::bigint";

/** Beyond the deadlines of our own the server has one too, for what it goes on with when nobody waits any more. */
const SERVER_SLACK_MS = 1000;
const IDLE_MS = 30_000;
/** Connections that a restart of the server left dead are met one after the other; then new ones, so many. */
const FRESH_ATTEMPTS = 2;

/** Connections to one server; every call on them settles when its context is over. */
export class PostgresPool {
  readonly #pool: PgPool;
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #sessions = new WeakMap<PgClient, ServerSession>();
  readonly #timeouts = new WeakMap<PgClient, number>();

  /**
   * @param timeoutMs how long a statement may usually take
   * @param settings of every connection, by name, as expressions of SQL
   */
  constructor(
    driver: PostgresDriver,
    options: Omit<PoolOptions, "idleTimeoutMillis" | "onConnect">,
    timeoutMs: number,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#timeoutMs = timeoutMs + SERVER_SLACK_MS;
    this.#max = options.max;
    const all = {
      ...options,
      idleTimeoutMillis: IDLE_MS,
      onConnect: (client: PgClient) => this.#prepare(client, settings),
    };
    this.#pool = madeByDriver("postgres", () => new driver.Pool(all));
    // The pool lets go of an idle connection that was lost; there is nobody to tell.
    this.#pool.on("error", () => undefined);
  }

  /** Asks something that only reads, again when the connection turns out to be lost. */
  async read(ctx: Context, statement: Statement, values: readonly unknown[]): Promise<Rows> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#acquire(ctx);
      try {
        return await this.#query(ctx, client, statement, values);
      } catch (error) {
        if (attempt >= this.#max + FRESH_ATTEMPTS || ctx.err() !== undefined || !isConnectionLoss(error)) {
          throw postgresFault(error);
        }
      }
    }
  }

  /** Runs several statements on one connection, which is closed when one of them fails. */
  async session<T>(
    ctx: Context,
    work: (ask: (text: string, values?: readonly unknown[]) => Promise<Rows>) => Promise<T>,
  ) {
    const client = await this.#acquire(ctx);
    let failed = true;
    try {
      const result = await work((text, values = []) => this.#ask(ctx, client, { text }, values));
      failed = false;
      return result;
    } catch (error) {
      throw postgresFault(error);
    } finally {
      if (failed) discard(client);
      else client.release();
    }
  }

  /**
   * Asks something that writes, once. Rejects with `unanswered` of the session when it was sent and it is not known
   * what came of it; with a fault when it is known that nothing did. A while before the deadline the server is asked to
   * give up, so that a definite answer still arrives in time.
   */
  async write(
    ctx: Context,
    statement: Statement,
    values: readonly unknown[],
    unanswered: (session: ServerSession | undefined, cause: StorageFault) => Error,
  ): Promise<Rows> {
    const client = await this.#acquire(ctx);
    const session = this.#sessions.get(client);
    const reserveMs = answerReserveMs(ctx);
    const giveUp = setTimeout(() => requestCancel(client), Math.max(0, ctx.remainingMs() - reserveMs));
    try {
      return await this.#query(ctx, client, statement, values);
    } catch (error) {
      const isOver = error instanceof StorageFault;
      throw isOver || isConnectionLoss(error)
        ? unanswered(session, postgresFault(error))
        : postgresFault(error);
    } finally {
      clearTimeout(giveUp);
    }
  }

  /** Lets every connection go. */
  async end(): Promise<void> {
    await this.#pool.end();
  }

  async #acquire(ctx: Context): Promise<PooledClient> {
    const connecting = this.#pool.connect();
    try {
      return await settleWithin(ctx, connecting);
    } catch (error) {
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw postgresFault(error);
    }
  }

  /** One statement, after which the connection goes back to the pool, or away when its state is not known. */
  async #query(
    ctx: Context,
    client: PooledClient,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Rows> {
    try {
      const rows = await this.#ask(ctx, client, statement, values);
      client.release();
      return rows;
    } catch (error) {
      if (error instanceof StorageFault || isConnectionLoss(error)) discard(client);
      else client.release();
      throw error;
    }
  }

  async #ask(
    ctx: Context,
    client: PgClient,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Rows> {
    await this.#allowTime(ctx, client);
    const answer = client.query({ ...statement, values, rowMode: "array", types: AS_TEXT });
    try {
      return (await settleWithin(ctx, answer)).rows;
    } catch (error) {
      if (error === ctx.err()) requestCancel(client);
      throw error;
    }
  }

  /** Where a caller gives more time than usual, the server has to know; where no longer, it has to know again. */
  async #allowTime(ctx: Context, client: PgClient): Promise<void> {
    const neededMs = Math.ceil(ctx.remainingMs()) + SERVER_SLACK_MS;
    const wantedMs = neededMs > this.#timeoutMs ? neededMs : this.#timeoutMs;
    if (wantedMs === (this.#timeouts.get(client) ?? this.#timeoutMs)) return;
    this.#timeouts.set(client, wantedMs);
    const text = "SELECT set_config('statement_timeout', $1, false)";
    const setting = client.query({ text, values: [String(wantedMs)], rowMode: "array", types: AS_TEXT });
    await settleWithin(ctx, setting);
  }

  async #prepare(client: PgClient, settings: Readonly<Record<string, string>>): Promise<void> {
    // Told to whoever asked something of it; without a listener it would end the process.
    client.on("error", () => undefined);
    const all = { ...settings, statement_timeout: `'${this.#timeoutMs}'` };
    const set = Object.entries(all).map(([name, value]) => `set_config('${name}', ${value}, false)`);
    const text = `SELECT (SELECT ${SESSION_START} FROM pg_stat_activity WHERE pid = pg_backend_pid()), ${set.join(", ")}`;
    const { rows } = await client.query({ text, rowMode: "array", types: AS_TEXT });
    const startedAt = rows[0]?.[0];
    if (client.processID !== null && startedAt != null) {
      this.#sessions.set(client, { pid: client.processID, startedAt });
    }
  }
}

/** How long before its deadline a write is given up, so that the server's answer to that arrives. */
export function answerReserveMs(ctx: Context): number {
  return Math.min(500, ctx.remainingMs() / 5);
}

/** Closes a connection at once, whether or not the server still listens. */
function discard(client: PooledClient): void {
  client.release(true);
  client.connection.stream.destroy();
}
