import { SteadyClock, type Clock } from "../../core/runtime.js";

/** The clock of one process on a store that several may share: whole milliseconds, never below a commit it has seen. */
export class StoreClock {
  readonly #clock: SteadyClock;
  #seen = 0;

  constructor(clock: Clock) {
    this.#clock = new SteadyClock(clock);
  }

  /** @param seen the moment of a commit in the store. */
  now(seen = 0): number {
    if (seen > this.#seen) this.#seen = seen;
    return Math.max(Math.floor(this.#clock.now()), this.#seen);
  }
}
