import { setImmediate, setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/runtime.js";

/** How work is cut up, in milliseconds. */
export interface Pace {
  /** Others run after this long. */
  readonly sliceMs: number;
  /** For at least this long; 0: for one turn of the event loop. */
  readonly restMs: number;
  /** The slice while others are seen to be at work; as `sliceMs` unless given. */
  readonly busySliceMs?: number;
}

/** For work that somebody waits for. */
const BRISK: Pace = { sliceMs: 8, restMs: 0 };

/**
 * For work in the background. A commit takes several turns of the event loop, for its group, its write and its sync:
 * if every turn met a slice, it would take as many slices as turns. In a rest whole commits fit, and while there are any
 * the slices are short: with those of 4 ms a put took four times as long and more, with these two or three times.
 */
export const POLITE: Pace = { sliceMs: 4, restMs: 2, busySliceMs: 1 };

/** Of the time that others took in the last rest: where that is long, slices are too, so that work comes to its end. */
const SHARE = 0.5;
const LONGEST_BUSY_MS = 8;

/** Cuts long synchronous work into slices, so that it never holds up the event loop for long. */
export class Breather {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #othersDid: () => number;
  #seen: number;
  #sliceMs: number;
  #sinceMs: number;

  /** @param othersDid counts what others do; unless given, nobody is seen to be at work. */
  constructor(clock: Clock, pace: Pace = BRISK, othersDid: () => number = () => 0) {
    this.#clock = clock;
    this.#pace = pace;
    this.#othersDid = othersDid;
    this.#seen = othersDid();
    this.#sliceMs = pace.sliceMs;
    this.#sinceMs = clock.monotonic();
  }

  /** Whether the slice is used up. Call it often, and {@link breathe} when it says so. */
  get isDue(): boolean {
    return this.#clock.monotonic() - this.#sinceMs >= this.#sliceMs;
  }

  /** Lets everything else that is ready run first. */
  async breathe(): Promise<void> {
    const { restMs } = this.#pace;
    const begunMs = this.#clock.monotonic();
    await (restMs === 0 ? setImmediate() : setTimeout(restMs));
    this.#sinceMs = this.#clock.monotonic();
    this.#sliceMs = this.#nextSlice(this.#sinceMs - begunMs);
  }

  #nextSlice(restedMs: number): number {
    const { sliceMs, busySliceMs = sliceMs } = this.#pace;
    const did = this.#othersDid();
    if (did === this.#seen) return sliceMs;
    this.#seen = did;
    return Math.max(busySliceMs, Math.min(restedMs * SHARE, LONGEST_BUSY_MS));
  }
}
