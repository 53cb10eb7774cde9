import type { Context } from "../core/context.js";
import type { CancelTimer, Timers } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";

/** Turns are for fairness, not for safety: whoever has waited this long goes on without one. */
const LONGEST_WAIT_MS = 1000;

/** Gives up the turn; a second call does nothing. */
export type EndTurn = () => void;

/**
 * Lines up transactions that lost against each other over the same key, so that each next try runs alone on it instead
 * of all trying and all but one losing again.
 */
export class ContentionQueue {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * Resolves when everybody who asked for the key earlier has ended their turn, or after a second: a turn may be held
   * by a transaction whose work waits for this very one. Rejects when the context is over.
   */
  async wait(ctx: Context, key: string): Promise<EndTurn> {
    const before = this.#tails.get(key);
    let end!: EndTurn;
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    const tail = before === undefined ? turn : before.then(() => turn);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      if (before !== undefined) await this.#patiently(ctx, before);
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  async #patiently(ctx: Context, turn: Promise<void>): Promise<void> {
    let stop: CancelTimer | undefined;
    const patience = new Promise<void>((resolve) => {
      stop = this.#timers.after(LONGEST_WAIT_MS, resolve, true);
    });
    try {
      await settleWithin(ctx, Promise.race([turn, patience]));
    } finally {
      stop?.();
    }
  }

  /** Keys somebody is waiting for or has a turn on. */
  get size(): number {
    return this.#tails.size;
  }
}
