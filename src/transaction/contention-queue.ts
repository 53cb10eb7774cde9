import type { Context } from "../core/context.js";
import { settleWithin } from "../core/settle-within.js";

/** Gives up the turn; a second call does nothing. */
export type EndTurn = () => void;

/**
 * Lines up transactions that lost against each other over the same key, so that each next try runs alone on it instead
 * of all trying and all but one losing again.
 */
export class ContentionQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** Resolves when everybody who asked for the key earlier has ended their turn; rejects when the context is over. */
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
      if (before !== undefined) await settleWithin(ctx, before);
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Keys somebody is waiting for or has a turn on. */
  get size(): number {
    return this.#tails.size;
  }
}
