import type { Context } from "../core/context.js";
import { expiryIn } from "../core/expiry.js";
import type { List, TransactionList } from "./list.js";
import { fill, pop, push, setIndex, trim } from "./list-operations.js";
import { readIndex, readLength, readRange } from "./list-reads.js";
import { removeEqual } from "./list-removal.js";
import { requireIndex } from "./list-span.js";
import type { StructureCalls } from "./structure-calls.js";

/** The calls of one list. */
export class ListCalls<T> implements List<T> {
  readonly #calls: StructureCalls;
  readonly #key: string;

  constructor(calls: StructureCalls, key: string) {
    this.#calls = calls;
    this.#key = key;
  }

  lpush(ctx: Context, ...values: readonly T[]): Promise<number> {
    return this.#calls.write("list.lpush", ctx, this.#key, (encoder) =>
      push(
        this.#key,
        "left",
        values.map((value) => encoder.encode(value)),
      ),
    );
  }

  rpush(ctx: Context, ...values: readonly T[]): Promise<number> {
    return this.#calls.write("list.rpush", ctx, this.#key, (encoder) =>
      push(
        this.#key,
        "right",
        values.map((value) => encoder.encode(value)),
      ),
    );
  }

  /** As `rpush`, and the list expires `ttlMs` after it, 0 for never. Not for users: one commit with others of the list. */
  rpushUntil(ctx: Context, ttlMs: number, values: readonly T[]): Promise<number> {
    return this.#calls.write("list.rpush", ctx, this.#key, (encoder) => {
      const items = values.map((value) => encoder.encode(value));
      return push(this.#key, "right", items, { expiry: expiryIn(ttlMs) });
    });
  }

  /**
   * Makes the list of values; their number. Rejects with 5002 `not-empty` when the key holds anything, unless it is to be
   * replaced. Not for users, as `rpushUntil`.
   */
  fill(
    ctx: Context,
    values: readonly T[],
    { ttlMs, replace }: { readonly ttlMs: number | undefined; readonly replace: boolean },
  ): Promise<number> {
    return this.#calls.write("list.fill", ctx, this.#key, (encoder) => {
      const items = values.map((value) => encoder.encode(value));
      return fill(this.#key, items, { replace, expiry: expiryIn(ttlMs) });
    });
  }

  lpop(ctx: Context): Promise<T | undefined> {
    return this.#calls.write("list.lpop", ctx, this.#key, () => pop(this.#key, "left")) as Promise<
      T | undefined
    >;
  }

  rpop(ctx: Context): Promise<T | undefined> {
    return this.#calls.write("list.rpop", ctx, this.#key, () => pop(this.#key, "right")) as Promise<
      T | undefined
    >;
  }

  lrange(ctx: Context, start: number, end: number): Promise<T[]> {
    return this.#calls.read("list.lrange", ctx, this.#key, (view) => {
      requireIndex(start, "start");
      requireIndex(end, "end");
      return readRange(view, this.#key, start, end) as Promise<T[]>;
    });
  }

  llen(ctx: Context): Promise<number> {
    return this.#calls.read("list.llen", ctx, this.#key, (view) => readLength(view, this.#key));
  }

  lindex(ctx: Context, index: number): Promise<T | undefined> {
    return this.#calls.read("list.lindex", ctx, this.#key, (view) => {
      requireIndex(index, "an index");
      return readIndex(view, this.#key, index) as Promise<T | undefined>;
    });
  }

  lset(ctx: Context, index: number, value: T): Promise<boolean> {
    return this.#calls.write("list.lset", ctx, this.#key, (encoder) => {
      requireIndex(index, "an index");
      return setIndex(this.#key, index, encoder.encode(value));
    });
  }

  lrem(ctx: Context, count: number, value: T): Promise<number> {
    return this.#calls.write("list.lrem", ctx, this.#key, (encoder) => {
      requireIndex(count, "a count");
      return removeEqual(this.#key, count, encoder.encode(value));
    });
  }

  ltrim(ctx: Context, start: number, end: number): Promise<void> {
    return this.#calls.write("list.ltrim", ctx, this.#key, () => {
      requireIndex(start, "start");
      requireIndex(end, "end");
      return trim(this.#key, start, end);
    });
  }
}

/** The calls of one list within a transaction. */
export class TransactionListCalls<T> implements TransactionList<T> {
  readonly #list: List<T>;
  readonly #ctx: Context;

  constructor(list: List<T>, ctx: Context) {
    this.#list = list;
    this.#ctx = ctx;
  }

  lpush(...values: readonly T[]): Promise<number> {
    return this.#list.lpush(this.#ctx, ...values);
  }

  rpush(...values: readonly T[]): Promise<number> {
    return this.#list.rpush(this.#ctx, ...values);
  }

  lpop(): Promise<T | undefined> {
    return this.#list.lpop(this.#ctx);
  }

  rpop(): Promise<T | undefined> {
    return this.#list.rpop(this.#ctx);
  }

  lrange(start: number, end: number): Promise<T[]> {
    return this.#list.lrange(this.#ctx, start, end);
  }

  llen(): Promise<number> {
    return this.#list.llen(this.#ctx);
  }

  lindex(index: number): Promise<T | undefined> {
    return this.#list.lindex(this.#ctx, index);
  }

  lset(index: number, value: T): Promise<boolean> {
    return this.#list.lset(this.#ctx, index, value);
  }

  lrem(count: number, value: T): Promise<number> {
    return this.#list.lrem(this.#ctx, count, value);
  }

  ltrim(start: number, end: number): Promise<void> {
    return this.#list.ltrim(this.#ctx, start, end);
  }
}
