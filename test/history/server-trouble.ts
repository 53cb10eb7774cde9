import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { restarted } from "../support/servers/restarted.js";
import type { TcpProxy } from "../support/servers/tcp-proxy.js";
import type { StoreServer } from "../support/stores.js";
import { RepeatedTrouble } from "./repeated-trouble.js";

const HELD_MS = 120;

/** Troubles a server and the connections to it, until told to end. */
export class ServerTrouble {
  readonly #proxy: TcpProxy;
  readonly #repeated: RepeatedTrouble;
  #server: StoreServer;

  constructor(server: StoreServer, proxy: TcpProxy, seed: number) {
    this.#server = server;
    this.#proxy = proxy;
    this.#repeated = new RepeatedTrouble(seed, async (random) => {
      await this.#trouble(random);
      proxy.heal();
    });
  }

  /** Ends it, with the server running and every connection passing; how many troubles there were. */
  async end(): Promise<number> {
    return await this.#repeated.end();
  }

  /** Stops the server. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async #trouble(random: SeededRandom): Promise<void> {
    const choice = random.below(20);
    if (choice < 8) this.#proxy.reset();
    else if (choice < 13) await this.#cut(random);
    else if (choice < 16) await this.#hold(random);
    else if (choice < 18) await this.#freeze();
    else await this.#kill();
  }

  /** Resets a connection within what it is answered next. */
  async #cut(random: SeededRandom): Promise<void> {
    await Promise.race([this.#proxy.cutNext("answers", random.below(300)), delay(HELD_MS)]);
  }

  async #hold(random: SeededRandom): Promise<void> {
    this.#proxy.hold(random.chance(0.5) ? "answers" : "requests");
    await delay(HELD_MS);
    if (random.chance(0.5)) this.#proxy.reset();
  }

  async #freeze(): Promise<void> {
    this.#server.process?.signal("SIGSTOP");
    await delay(HELD_MS);
    this.#server.process?.signal("SIGCONT");
  }

  async #kill(): Promise<void> {
    this.#server = await restarted(this.#server);
  }
}
