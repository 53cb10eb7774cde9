import type { Context } from "../core/context.js";
import type { Counter, TransactionCounter } from "./counter.js";
import { add, readCount, requireFinite } from "./counter-operations.js";
import type { StructureCalls } from "./structure-calls.js";

/** The calls of one counter. */
export class CounterCalls implements Counter {
  readonly #calls: StructureCalls;
  readonly #key: string;

  constructor(calls: StructureCalls, key: string) {
    this.#calls = calls;
    this.#key = key;
  }

  incr(ctx: Context, by = 1): Promise<number> {
    return this.#calls.write("counter.incr", ctx, this.#key, () => {
      requireFinite(by);
      return add(this.#key, by);
    });
  }

  decr(ctx: Context, by = 1): Promise<number> {
    return this.#calls.write("counter.decr", ctx, this.#key, () => {
      requireFinite(by);
      return add(this.#key, -by);
    });
  }

  get(ctx: Context): Promise<number> {
    return this.#calls.read("counter.get", ctx, this.#key, (view) => readCount(view, this.#key));
  }
}

/** The calls of one counter within a transaction. */
export class TransactionCounterCalls implements TransactionCounter {
  readonly #counter: Counter;
  readonly #ctx: Context;

  constructor(counter: Counter, ctx: Context) {
    this.#counter = counter;
    this.#ctx = ctx;
  }

  incr(by?: number): Promise<number> {
    return this.#counter.incr(this.#ctx, by);
  }

  decr(by?: number): Promise<number> {
    return this.#counter.decr(this.#ctx, by);
  }

  get(): Promise<number> {
    return this.#counter.get(this.#ctx);
  }
}
