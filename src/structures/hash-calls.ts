import type { Context } from "../core/context.js";
import { checkField } from "../core/key.js";
import { requireFinite } from "./counter-operations.js";
import type { Hash, TransactionHash } from "./hash.js";
import { fieldsOf, valueOf, type HashData } from "./hash-fields.js";
import { addToField, deleteFields, setFields } from "./hash-operations.js";
import { readCountOfFields, readField, readFields } from "./hash-reads.js";
import type { StructureCalls } from "./structure-calls.js";

/** The calls of one hash. */
export class HashCalls<T> implements Hash<T> {
  readonly #calls: StructureCalls;
  readonly #key: string;

  constructor(calls: StructureCalls, key: string) {
    this.#calls = calls;
    this.#key = key;
  }

  hset(
    ctx: Context,
    fieldOrFields: string | HashData<T>,
    value?: T,
    ...others: readonly unknown[]
  ): Promise<number> {
    return this.#calls.write("hash.hset", ctx, this.#key, () => {
      // As Redis takes them, field by field: they would be left out without a word.
      if (others.length > 0 || (typeof fieldOrFields === "object" && value !== undefined))
        throw severalFields();
      if (typeof fieldOrFields !== "string") return setFields(this.#key, fieldsOf(fieldOrFields));
      return setFields(this.#key, [[fieldOrFields, valueOf(fieldOrFields, value)]]);
    });
  }

  hget<D = undefined>(ctx: Context, field: string, fallback?: D): Promise<T | D> {
    return this.#calls.read("hash.hget", ctx, this.#key, async (view) => {
      checkField(field);
      const found = await readField(view, this.#key, field);
      return (found === undefined ? fallback : found.value) as T | D;
    });
  }

  hdel(ctx: Context, ...fields: readonly string[]): Promise<number> {
    return this.#calls.write("hash.hdel", ctx, this.#key, () => {
      for (const field of fields) checkField(field);
      return deleteFields(this.#key, fields);
    });
  }

  hgetall(ctx: Context): Promise<Map<string, T>> {
    return this.#all("hash.hgetall", ctx, (fields) => new Map(fields));
  }

  hkeys(ctx: Context): Promise<string[]> {
    return this.#all("hash.hkeys", ctx, (fields) => fields.map(([field]) => field));
  }

  hvals(ctx: Context): Promise<T[]> {
    return this.#all("hash.hvals", ctx, (fields) => fields.map(([, value]) => value));
  }

  hexists(ctx: Context, field: string): Promise<boolean> {
    return this.#calls.read("hash.hexists", ctx, this.#key, async (view) => {
      checkField(field);
      return (await readField(view, this.#key, field)) !== undefined;
    });
  }

  hlen(ctx: Context): Promise<number> {
    return this.#calls.read("hash.hlen", ctx, this.#key, (view) => readCountOfFields(view, this.#key));
  }

  hincrby(ctx: Context, field: string, by = 1): Promise<number> {
    return this.#calls.write("hash.hincrby", ctx, this.#key, () => {
      checkField(field);
      requireFinite(by);
      return addToField(this.#key, field, by);
    });
  }

  #all<R>(
    operation: string,
    ctx: Context,
    answer: (fields: readonly (readonly [string, T])[]) => R,
  ): Promise<R> {
    return this.#calls.read(operation, ctx, this.#key, async (view) =>
      answer((await readFields(view, this.#key)) as readonly (readonly [string, T])[]),
    );
  }
}

/** The calls of one hash within a transaction. */
export class TransactionHashCalls<T> implements TransactionHash<T> {
  readonly #hash: HashCalls<T>;
  readonly #ctx: Context;

  constructor(hash: HashCalls<T>, ctx: Context) {
    this.#hash = hash;
    this.#ctx = ctx;
  }

  hset(fieldOrFields: string | HashData<T>, value?: T, ...others: readonly unknown[]): Promise<number> {
    return this.#hash.hset(this.#ctx, fieldOrFields, value, ...others);
  }

  hget<D = undefined>(field: string, fallback?: D): Promise<T | D> {
    return this.#hash.hget(this.#ctx, field, fallback);
  }

  hdel(...fields: readonly string[]): Promise<number> {
    return this.#hash.hdel(this.#ctx, ...fields);
  }

  hgetall(): Promise<Map<string, T>> {
    return this.#hash.hgetall(this.#ctx);
  }

  hkeys(): Promise<string[]> {
    return this.#hash.hkeys(this.#ctx);
  }

  hvals(): Promise<T[]> {
    return this.#hash.hvals(this.#ctx);
  }

  hexists(field: string): Promise<boolean> {
    return this.#hash.hexists(this.#ctx, field);
  }

  hlen(): Promise<number> {
    return this.#hash.hlen(this.#ctx);
  }

  hincrby(field: string, by?: number): Promise<number> {
    return this.#hash.hincrby(this.#ctx, field, by);
  }
}

function severalFields(): TypeError {
  return new TypeError("hset takes one field and its value; give several as an object or a Map");
}
