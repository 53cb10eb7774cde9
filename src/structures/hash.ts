import type { Context } from "../core/context.js";
import type { HashData } from "./hash-fields.js";

/**
 * A hash under one key: values by field, in the order in which the fields were first set. Every call is atomic. A hash
 * whose last field is removed is gone, and its key absent.
 *
 * Fields are texts of 1 to 512 bytes, by the rules of keys. Reads reject with 5001 and writes with 5002 `wrong-type` when
 * the key holds something else; nothing is changed then. Calls of single fields cost the same however many there are.
 */
export interface Hash<T = unknown> {
  /** Sets a field. 1 when it is new, 0 when it had a value. */
  hset(ctx: Context, field: string, value: T): Promise<number>;
  /** Sets all fields or none. How many are new. */
  hset(ctx: Context, fields: HashData<T>): Promise<number>;
  /** The value of a field; undefined when it is absent. */
  hget(ctx: Context, field: string): Promise<T | undefined>;
  /** As `hget`, but `fallback` when the field is absent. */
  hget<D>(ctx: Context, field: string, fallback: D): Promise<T | D>;
  /** Removes fields. How many there were; one given twice counts once. */
  hdel(ctx: Context, ...fields: readonly string[]): Promise<number>;
  /** Every field with its value: one state of the hash. */
  hgetall(ctx: Context): Promise<Map<string, T>>;
  hkeys(ctx: Context): Promise<string[]>;
  hvals(ctx: Context): Promise<T[]>;
  hexists(ctx: Context, field: string): Promise<boolean>;
  /** The number of fields; 0 when the hash is absent. */
  hlen(ctx: Context): Promise<number>;
  /**
   * Adds `by` (default 1) to the number in a field, 0 when it is absent, as JavaScript adds numbers. The sum. Rejects
   * with 5002 `wrong-type` when the field holds something else, `invalid-value` when `by` is not finite.
   */
  hincrby(ctx: Context, field: string, by?: number): Promise<number>;
}

/** The calls of a hash within a transaction, under its context; see {@link Hash}. They are carried out in their order. */
export interface TransactionHash<T = unknown> {
  hset(field: string, value: T): Promise<number>;
  hset(fields: HashData<T>): Promise<number>;
  hget(field: string): Promise<T | undefined>;
  hget<D>(field: string, fallback: D): Promise<T | D>;
  hdel(...fields: readonly string[]): Promise<number>;
  hgetall(): Promise<Map<string, T>>;
  hkeys(): Promise<string[]>;
  hvals(): Promise<T[]>;
  hexists(field: string): Promise<boolean>;
  hlen(): Promise<number>;
  hincrby(field: string, by?: number): Promise<number>;
}
