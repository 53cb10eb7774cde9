/** Wall time and monotonic time, both in milliseconds. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step when the machine's clock is set. */
  wall(): number;
  /** Milliseconds from an arbitrary start; never steps back. */
  monotonic(): number;
}

/** Cancels a timer; harmless when it has fired. */
export type CancelTimer = () => void;

export interface Timers {
  /**
   * Calls `run` once after `delayMs`. Delays past 2^31-1 ms are capped there (a longer Node timer fires at
   * once), so timers are for sweeping and waking, never for deciding. The process does not stay alive for the timer
   * unless `keepAlive` is true, as it must be where a caller's promise waits for it.
   */
  after(delayMs: number, run: () => void, keepAlive?: boolean): CancelTimer;
}

export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1); for jitter, not for secrets. */
  uniform(): number;
}

/** What a store takes from its surroundings, injected so that tests can steer it. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

export const systemTimers: Timers = {
  after(delayMs, run, keepAlive = false) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  uniform: () => Math.random(),
};

export const systemRuntime: Runtime = { clock: systemClock, timers: systemTimers, random: systemRandom };

/**
 * A clock for entries kept by this process: wall time at creation plus monotonic time since, never stepping back,
 * whatever happens to the machine's clock meanwhile.
 */
export class SteadyClock {
  readonly #clock: Clock;
  readonly #offset: number;

  constructor(clock: Clock, notBefore = 0) {
    this.#clock = clock;
    this.#offset = Math.max(clock.wall(), notBefore) - clock.monotonic();
  }

  /** Milliseconds since the Unix epoch, with fractions. */
  now(): number {
    return this.#offset + this.#clock.monotonic();
  }
}
