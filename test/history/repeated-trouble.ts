import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";

const LONGEST_PAUSE_MS = 1000;

/** One trouble after the other, with a pause before each, until told to end. */
export class RepeatedTrouble {
  readonly #random: SeededRandom;
  readonly #trouble: (random: SeededRandom) => Promise<void>;
  #isOver = false;
  #count = 0;
  readonly #running: Promise<void>;

  /** @param trouble makes one trouble and, where it would last, ends it. */
  constructor(seed: number, trouble: (random: SeededRandom) => Promise<void>) {
    this.#random = new SeededRandom(seed);
    this.#trouble = trouble;
    this.#running = this.#run();
    // Told to whoever ends the trouble.
    this.#running.catch(() => undefined);
  }

  /** Ends it, once the trouble under way has ended; how many there were. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#running;
    return this.#count;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await delay(this.#random.below(LONGEST_PAUSE_MS));
      await this.#trouble(this.#random);
      this.#count += 1;
    }
  }
}
