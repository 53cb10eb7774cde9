import { background, StorageError, type Context, type Storage, type Transaction } from "../../src/index.js";
import type { Call } from "./structure-commands.js";
import { Refused, type StructureModel } from "./structure-model.js";

/** What a call came to. */
export type Outcome = { readonly value: unknown } | { readonly refused: string };

const HOUR_MS = 3_600_000;

/** Makes a call on the model. */
export function onModel(model: StructureModel, call: Call): Outcome {
  try {
    return { value: modelled(model, call) };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.reason };
    throw error;
  }
}

function modelled(model: StructureModel, call: Call): unknown {
  switch (call.verb) {
    case "push":
      return model.push(call.key, call.left, call.values);
    case "pop":
      return model.pop(call.key, call.left);
    case "range":
      return model.range(call.key, call.start, call.end);
    case "trim":
      return model.trim(call.key, call.start, call.end);
    case "index":
      return model.index(call.key, call.index);
    case "setIndex":
      return model.setIndex(call.key, call.index, call.value);
    case "remove":
      return model.remove(call.key, call.count, call.value);
    case "setFields":
      return model.setFields(call.key, new Map(call.fields));
    case "deleteFields":
      return model.deleteFields(call.key, call.fields);
    case "fields":
      return [...model.fields(call.key)];
    case "addToField":
      return model.addToField(call.key, call.field, call.by);
    case "add":
      return model.add(call.key, call.by);
    case "set":
      return model.set(call.key, call.value);
    default:
      return model[call.verb](call.key);
  }
}

/** Makes a call on a storage. Rejects as {@link onTransaction}. */
export function onStorage(storage: Storage, call: Call, ctx: Context = background()): Promise<Outcome> {
  // A transaction's calls are those of a storage without the context.
  return onTransaction(bind(storage, ctx), call);
}

type Target = Pick<Transaction, "list" | "hash" | "counter" | "set" | "delete" | "expire" | "persist">;

function bind(storage: Storage, ctx: Context): Target {
  const withContext = (target: object) =>
    new Proxy(target, {
      get(of, name) {
        const method = Reflect.get(of, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => Reflect.apply(method, of, [ctx, ...args]);
      },
    });
  return {
    list: (key) => withContext(storage.list(key)) as never,
    hash: (key) => withContext(storage.hash(key)) as never,
    counter: (key) => withContext(storage.counter(key)) as never,
    set: (key, value) => storage.set(ctx, key, value),
    delete: (key) => storage.delete(ctx, key),
    expire: (key, ttl) => storage.expire(ctx, key, ttl),
    persist: (key) => storage.persist(ctx, key),
  };
}

/** Makes a call on a transaction. Rejects when it failed by anything but what its arguments and the key's type say. */
export async function onTransaction(tx: Target, call: Call): Promise<Outcome> {
  try {
    return { value: await made(tx, call) };
  } catch (error) {
    if (error instanceof StorageError && error.reason === "wrong-type") return { refused: error.reason };
    throw error;
  }
}

async function made(tx: Target, call: Call): Promise<unknown> {
  const [list, hash] = [tx.list(call.key), tx.hash(call.key)];
  switch (call.verb) {
    case "push":
      return call.left ? list.lpush(...call.values) : list.rpush(...call.values);
    case "pop":
      return call.left ? list.lpop() : list.rpop();
    case "range":
      return list.lrange(call.start, call.end);
    case "trim":
      return list.ltrim(call.start, call.end);
    case "index":
      return list.lindex(call.index);
    case "setIndex":
      return list.lset(call.index, call.value);
    case "remove":
      return list.lrem(call.count, call.value);
    case "setFields":
      return hash.hset(new Map(call.fields));
    case "deleteFields":
      return hash.hdel(...call.fields);
    case "fields":
      return [...(await hash.hgetall())];
    case "addToField":
      return hash.hincrby(call.field, call.by);
    case "add":
      return tx.counter(call.key).incr(call.by);
    case "set":
      return tx.set(call.key, call.value);
    case "expire":
      return tx.expire(call.key, HOUR_MS);
    default:
      return tx[call.verb](call.key);
  }
}
