import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../core/runtime.js";

/** Long work on the event loop lets others run after this long. */
const SLICE_MS = 8;

/** Cuts long synchronous work into slices, so that it never holds up the event loop for long. */
export class Breather {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  /** Whether the slice is used up. Call it often, and {@link breathe} when it says so. */
  get isDue(): boolean {
    return this.#clock.monotonic() - this.#sinceMs >= SLICE_MS;
  }

  /** Lets everything else that is ready run first. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.#sinceMs = this.#clock.monotonic();
  }
}
