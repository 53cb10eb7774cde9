import type { Context } from "../../core/context.js";
import { pause } from "../../core/pause.js";
import type { Runtime } from "../../core/runtime.js";
import { settleWithin } from "../../core/settle-within.js";
import type { StoreEvents } from "../sql/sql-store.js";
import { AS_TEXT, type ClientOptions, type PgClient, type PostgresDriver } from "./postgres-driver.js";
import { postgresFault } from "./postgres-errors.js";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

export interface ListenerSetup {
  readonly driver: PostgresDriver;
  readonly options: ClientOptions;
  readonly channel: string;
  readonly runtime: Runtime;
  readonly events: StoreEvents;
}

/**
 * The connection that hears of commits. Made when somebody first waits for changes, and again, after a pause, when
 * somebody waits after it was lost; whoever waits meanwhile is woken to find out.
 */
export class PostgresListener {
  readonly #setup: ListenerSetup;
  #connection: Promise<PgClient> | undefined;
  #pauseMs = 0;
  #isClosed = false;

  constructor(setup: ListenerSetup) {
    this.#setup = setup;
  }

  /** Resolves when commits are heard from now on. */
  async ready(ctx: Context): Promise<void> {
    if (this.#connection === undefined) {
      const { runtime } = this.#setup;
      const pauseMs = this.#pauseMs * (0.5 + runtime.random.uniform() / 2);
      if (pauseMs > 0) await pause(ctx, runtime.timers, pauseMs, true);
      this.#connection ??= this.#connect();
      // A failure is told to those who wait for it.
      this.#connection.catch(() => undefined);
    }
    try {
      await settleWithin(ctx, this.#connection);
    } catch (error) {
      throw postgresFault(error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    this.#connection = undefined;
    const client = await connection?.catch(() => undefined);
    client?.connection.stream.destroy();
  }

  async #connect(): Promise<PgClient> {
    const { driver, options, channel } = this.#setup;
    const client = new driver.Client(options);
    const lost = (): void => this.#lost(client);
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload }) => this.#heard(payload));
    try {
      await client.connect();
      await client.query({ text: `LISTEN "${channel}"`, rowMode: "array", types: AS_TEXT });
    } catch (error) {
      this.#lost(client);
      throw error;
    }
    if (this.#isClosed) client.connection.stream.destroy();
    this.#pauseMs = 0;
    this.#current = client;
    return client;
  }

  #current: PgClient | undefined;

  #heard(payload = ""): void {
    this.#setup.events.woken(Buffer.from(payload, "hex").toString());
  }

  #lost(client: PgClient): void {
    client.connection.stream.destroy();
    if (this.#isClosed || (this.#current !== undefined && this.#current !== client)) return;
    this.#current = undefined;
    this.#connection = undefined;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs));
    this.#setup.events.woken(undefined);
  }
}
