import type { Context } from "../core/context.js";

/**
 * A number under one key, changed without a race: a plain value, which `get` and `set` of the storage see too. Concurrent
 * changes all count. A change keeps the time to live.
 *
 * Rejects with `wrong-type` when the key holds anything but a number; numeric text is text. Nothing is changed then.
 */
export interface Counter {
  /**
   * Adds `by` (default 1), to 0 when the key is absent, as JavaScript adds numbers. The sum. Rejects with 5002
   * `invalid-value` when `by` is not finite.
   */
  incr(ctx: Context, by?: number): Promise<number>;
  /** Takes `by` (default 1) off. */
  decr(ctx: Context, by?: number): Promise<number>;
  /** The number; 0 when the key is absent. */
  get(ctx: Context): Promise<number>;
}

/** The calls of a counter within a transaction, under its context; see {@link Counter}. */
export interface TransactionCounter {
  incr(by?: number): Promise<number>;
  decr(by?: number): Promise<number>;
  get(): Promise<number>;
}
