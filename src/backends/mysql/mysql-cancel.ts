import { setTimeout as delay } from "node:timers/promises";
import type { MysqlClient, MysqlClientOptions, MysqlDriver } from "./mysql-driver.js";

const GIVE_UP_AFTER_MS = 2000;

/**
 * Ends what the server does for other connections, by a connection of its own: those of the pool may all be waiting for
 * what has to be ended. It is made when first needed, and again when it was lost. Nobody waits for it: the statement's own
 * answer tells what came of it, and a server that cannot be asked has limits of its own for the statement.
 */
export class MysqlCanceller {
  readonly #driver: MysqlDriver;
  readonly #options: MysqlClientOptions;
  #client: Promise<MysqlClient> | undefined;
  #isClosed = false;

  constructor(driver: MysqlDriver, options: MysqlClientOptions) {
    this.#driver = driver;
    this.#options = options;
  }

  /** Asks the server to end the statement of the connection that holds the lock of this name. */
  cancel(sessionLock: string): void {
    if (this.#isClosed) return;
    const client = (this.#client ??= this.#connect());
    const asked = client.then((connected) => kill(connected, sessionLock));
    const late = delay(GIVE_UP_AFTER_MS, undefined, { ref: false }).then(() => {
      throw new Error("the server does not answer");
    });
    Promise.race([asked, late]).catch(() => this.#forget(client));
    asked.catch(() => undefined);
    late.catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#client !== undefined) this.#forget(this.#client);
  }

  async #connect(): Promise<MysqlClient> {
    const client = await this.#driver.createConnection(this.#options);
    // Told to whoever asked something of it; without a listener it would end the process.
    client.on("error", () => undefined);
    return client;
  }

  #forget(client: Promise<MysqlClient>): void {
    if (this.#client === client) this.#client = undefined;
    client.then(
      (connected) => connected.destroy(),
      () => undefined,
    );
  }
}

/** By the lock's holder and not by a number that was noted: a server that was restarted gives the number to somebody else. */
async function kill(client: MysqlClient, sessionLock: string): Promise<void> {
  const [rows] = await client.query(`SELECT IS_USED_LOCK('${sessionLock}')`);
  const id = (rows as readonly (readonly unknown[])[])[0]?.[0];
  if (id != null) await client.query(`KILL QUERY ${Number(id)}`);
}
