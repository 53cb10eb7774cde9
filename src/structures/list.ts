import type { Context } from "../core/context.js";

/**
 * A list under one key. Every call is atomic; calls of one list from one process are carried out in the order in which
 * they were made. A list that is emptied is gone, and its key absent.
 *
 * Reads reject with 5001 and writes with 5002 `wrong-type` when the key holds something else; nothing is changed then.
 * Indexes begin at 0; negative ones count from the end, -1 being the last item. The cost of a call depends on what it
 * gives or changes, not on the length of the list, `lrem` apart.
 */
export interface List<T = unknown> {
  /** Puts values before the first item, each in turn: `lpush(ctx, a, b)` on an empty list gives `[b, a]`. The length. */
  lpush(ctx: Context, ...values: readonly T[]): Promise<number>;
  /** Puts values after the last item. The length. */
  rpush(ctx: Context, ...values: readonly T[]): Promise<number>;
  /** Takes the first item; undefined when the list is absent. */
  lpop(ctx: Context): Promise<T | undefined>;
  /** Takes the last item; undefined when the list is absent. */
  rpop(ctx: Context): Promise<T | undefined>;
  /** The items from `start` to `end`, both included, as far as there are any: one state of the list. */
  lrange(ctx: Context, start: number, end: number): Promise<T[]>;
  /** The number of items; 0 when the list is absent. */
  llen(ctx: Context): Promise<number>;
  /** The item at an index; undefined when it is outside the list. */
  lindex(ctx: Context, index: number): Promise<T | undefined>;
  /** Replaces the item at an index. False when it is outside the list; nothing is made then. */
  lset(ctx: Context, index: number, value: T): Promise<boolean>;
  /**
   * Removes items equal to `value`: all with a `count` of 0, the first `count` of them, or the last ones with a negative
   * `count`. How many were removed. Compares what is stored, through and through: 1 is not true. Reads the whole list,
   * and writes the items on the shorter side of what it removes: rejects with 5002 `too-large` when those are more than
   * the backend commits at once.
   */
  lrem(ctx: Context, count: number, value: T): Promise<number>;
  /** Keeps the items from `start` to `end`, both included, and removes the others. */
  ltrim(ctx: Context, start: number, end: number): Promise<void>;
}

/** The calls of a list within a transaction, under its context; see {@link List}. They are carried out in their order. */
export interface TransactionList<T = unknown> {
  lpush(...values: readonly T[]): Promise<number>;
  rpush(...values: readonly T[]): Promise<number>;
  lpop(): Promise<T | undefined>;
  rpop(): Promise<T | undefined>;
  lrange(start: number, end: number): Promise<T[]>;
  llen(): Promise<number>;
  lindex(index: number): Promise<T | undefined>;
  lset(index: number, value: T): Promise<boolean>;
  lrem(count: number, value: T): Promise<number>;
  ltrim(start: number, end: number): Promise<void>;
}
