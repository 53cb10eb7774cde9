import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { restarted } from "../support/servers/restarted.js";
import type { TcpProxy } from "../support/servers/tcp-proxy.js";
import type { StoreServer } from "../support/stores.js";

const LONGEST_PAUSE_MS = 1000;
const HELD_MS = 120;

/** Troubles a server and the connections to it, one trouble after the other, until told to end. */
export class ServerTrouble {
  readonly #proxy: TcpProxy;
  readonly #random: SeededRandom;
  #server: StoreServer;
  #isOver = false;
  #count = 0;
  readonly #running: Promise<void>;

  constructor(server: StoreServer, proxy: TcpProxy, seed: number) {
    this.#server = server;
    this.#proxy = proxy;
    this.#random = new SeededRandom(seed);
    this.#running = this.#run();
    // Told to whoever ends the trouble.
    this.#running.catch(() => undefined);
  }

  /** Ends it, with the server running and every connection passing; how many troubles there were. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#running;
    return this.#count;
  }

  /** Stops the server. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await delay(this.#random.below(LONGEST_PAUSE_MS));
      await this.#trouble();
      this.#count += 1;
      this.#proxy.heal();
    }
  }

  async #trouble(): Promise<void> {
    const choice = this.#random.below(20);
    if (choice < 8) this.#proxy.reset();
    else if (choice < 13) await this.#cut();
    else if (choice < 16) await this.#hold();
    else if (choice < 18) await this.#freeze();
    else await this.#kill();
  }

  /** Resets a connection within what it is answered next. */
  async #cut(): Promise<void> {
    await Promise.race([this.#proxy.cutNext("answers", this.#random.below(300)), delay(HELD_MS)]);
  }

  async #hold(): Promise<void> {
    this.#proxy.hold(this.#random.chance(0.5) ? "answers" : "requests");
    await delay(HELD_MS);
    if (this.#random.chance(0.5)) this.#proxy.reset();
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
