import type { Clock, Timers } from "../../src/core/runtime.js";

interface Alarm {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that moves when told, with the timers that go by it. */
export class ManualTime {
  wall = 1_000_000;
  monotonic = 0;
  /** The next timer fires this much too early, as Node's may. */
  earlyMs = 0;
  readonly alarms = new Set<Alarm>();

  readonly clock: Clock = { wall: () => this.wall, monotonic: () => this.monotonic };

  readonly timers: Timers = {
    after: (delayMs, run) => {
      const alarm = { at: this.monotonic + Math.max(0, delayMs - this.earlyMs), run };
      this.earlyMs = 0;
      this.alarms.add(alarm);
      return () => this.alarms.delete(alarm);
    },
  };

  /** Moves both clocks on, firing what is due on the way. */
  pass(ms: number): void {
    const until = this.monotonic + ms;
    for (let due = this.#next(until); due !== undefined; due = this.#next(until)) {
      this.alarms.delete(due);
      this.#moveTo(due.at);
      due.run();
    }
    this.#moveTo(until);
  }

  #moveTo(monotonic: number): void {
    this.wall += monotonic - this.monotonic;
    this.monotonic = monotonic;
  }

  #next(until: number): Alarm | undefined {
    const due = [...this.alarms].filter((alarm) => alarm.at <= until);
    return due.toSorted((a, b) => a.at - b.at)[0];
  }
}
