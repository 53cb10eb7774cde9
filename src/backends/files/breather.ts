import { setImmediate, setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/runtime.js";

/** How work is cut up, in milliseconds. */
export interface Pace {
  /** Others run after this long. */
  readonly sliceMs: number;
  /** For at least this long; 0: for one turn of the event loop. */
  readonly restMs: number;
}

/** For work that somebody waits for. */
const BRISK: Pace = { sliceMs: 8, restMs: 0 };

/**
 * For work in the background. A commit takes several turns of the event loop, for its group, its write and its sync:
 * if every turn met a slice, it would take as many slices as turns. In a rest whole commits fit.
 */
export const POLITE: Pace = { sliceMs: 4, restMs: 2 };

/** Cuts long synchronous work into slices, so that it never holds up the event loop for long. */
export class Breather {
  readonly #clock: Clock;
  readonly #pace: Pace;
  #sinceMs: number;

  constructor(clock: Clock, pace: Pace = BRISK) {
    this.#clock = clock;
    this.#pace = pace;
    this.#sinceMs = clock.monotonic();
  }

  /** Whether the slice is used up. Call it often, and {@link breathe} when it says so. */
  get isDue(): boolean {
    return this.#clock.monotonic() - this.#sinceMs >= this.#pace.sliceMs;
  }

  /** Lets everything else that is ready run first. */
  async breathe(): Promise<void> {
    const { restMs } = this.#pace;
    await (restMs === 0 ? setImmediate() : setTimeout(restMs));
    this.#sinceMs = this.#clock.monotonic();
  }
}
