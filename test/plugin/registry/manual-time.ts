import type { CancelTimer, Clock, Timers } from "../../../src/core/runtime.js";

interface Alarm {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that stands still until it is moved, and timers that go by it. */
export class ManualTime implements Clock, Timers {
  readonly clock: Clock = this;
  readonly timers: Timers = this;
  readonly #alarms = new Set<Alarm>();
  #nowMs = 0;

  wall(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const alarm: Alarm = { atMs: this.#nowMs + delayMs, run };
    this.#alarms.add(alarm);
    return () => {
      this.#alarms.delete(alarm);
    };
  }

  /** Lets everything run that is due within the next `ms`, and promises that hang on it. */
  async advance(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const endMs = this.#nowMs + ms;
    for (let alarm = this.#next(endMs); alarm !== undefined; alarm = this.#next(endMs)) {
      this.#alarms.delete(alarm);
      this.#nowMs = alarm.atMs;
      alarm.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Alarm | undefined {
    const due = [...this.#alarms].filter(({ atMs }) => atMs <= endMs);
    return due.toSorted((a, b) => a.atMs - b.atMs)[0];
  }
}
