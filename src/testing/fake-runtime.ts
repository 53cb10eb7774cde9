import { setImmediate as nextTurn } from "node:timers/promises";
import type { CancelTimer, Clock, Random, Runtime, Timers } from "../core/runtime.js";

interface PendingTimer {
  readonly dueMs: number;
  readonly run: () => void;
}

const START_WALL_MS = Date.UTC(2030, 0, 1);

/** A clock, timers and random numbers that a test steers: time stands still until `advance`, and a seed decides all. */
export class FakeRuntime implements Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #pending = new Set<PendingTimer>();
  #state: number;

  constructor({ seed = 1, wallMs = START_WALL_MS }: { seed?: number; wallMs?: number } = {}) {
    this.#state = seed;
    this.#wallOffsetMs = wallMs;
    this.clock = { wall: () => this.#wallOffsetMs + this.#monotonicMs, monotonic: () => this.#monotonicMs };
    this.timers = { after: (delayMs, run) => this.#after(delayMs, run) };
    this.random = { bytes: (length) => this.#bytes(length), uniform: () => this.#next() / 2 ** 32 };
  }

  /** Timers set and not yet fired or cancelled. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Lets time pass. Timers due meanwhile fire in order, each with a turn of the event loop after it. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonicMs + ms;
    for (let timer = this.#nextDue(target); timer !== undefined; timer = this.#nextDue(target)) {
      this.#pending.delete(timer);
      this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs);
      timer.run();
      await nextTurn();
    }
    this.#monotonicMs = target;
    await nextTurn();
  }

  /** Sets the machine's clock forward or back, without time passing. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #after(delayMs: number, run: () => void): CancelTimer {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), run };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() >>> 24);
  }

  /** Mulberry32 by Tommy Ettinger, public domain. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
}
