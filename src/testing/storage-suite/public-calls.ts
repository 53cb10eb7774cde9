import type { Context } from "../../core/context.js";
import type { Storage, Transaction } from "../../plugin/storage.js";
import type { StoragePlugin } from "../../plugin/storage-plugin.js";
import { collect } from "./storage-assertions.js";

/** A public call that takes a context, with usual arguments: for what holds of every call. */
export interface PublicCall<Target> {
  /** As errors name it. */
  readonly operation: string;
  readonly access: "read" | "write";
  /** Makes the call; the key is used by calls that take keys. */
  readonly run: (target: Target, ctx: Context, key: string) => Promise<unknown>;
  /** What of the arguments stands in errors. */
  readonly names: "key" | "keys" | "none";
}

function call<Target>(
  operation: string,
  access: "read" | "write",
  names: PublicCall<Target>["names"],
  run: PublicCall<Target>["run"],
): PublicCall<Target> {
  return { operation, access, names, run };
}

/** Every call of Storage; of those of structures, which take two ways, some of each. */
export const STORAGE_CALLS: readonly PublicCall<Storage>[] = [
  call("get", "read", "key", (s, ctx, key) => s.get(ctx, key)),
  call("getOr", "read", "key", (s, ctx, key) => s.getOr(ctx, key, 0)),
  call("getEntry", "read", "key", (s, ctx, key) => s.getEntry(ctx, key)),
  call("set", "write", "key", (s, ctx, key) => s.set(ctx, key, "new")),
  call("delete", "write", "key", (s, ctx, key) => s.delete(ctx, key)),
  call("exists", "read", "key", (s, ctx, key) => s.exists(ctx, key)),
  call("ttl", "read", "key", (s, ctx, key) => s.ttl(ctx, key)),
  call("expire", "write", "key", (s, ctx, key) => s.expire(ctx, key, "1h")),
  call("persist", "write", "key", (s, ctx, key) => s.persist(ctx, key)),
  call("type", "read", "key", (s, ctx, key) => s.type(ctx, key)),
  call("getBatch", "read", "keys", (s, ctx, key) => s.getBatch(ctx, ["fine", key])),
  call("setBatch", "write", "keys", (s, ctx, key) =>
    s.setBatch(
      ctx,
      new Map([
        ["fine", 1],
        [key, 2],
      ]),
    ),
  ),
  call("deleteBatch", "write", "keys", (s, ctx, key) => s.deleteBatch(ctx, ["fine", key])),
  call("find", "read", "none", (s, ctx) => s.find(ctx, "*")),
  call("keys", "read", "none", (s, ctx) => s.keys(ctx)),
  call("count", "read", "none", (s, ctx) => s.count(ctx)),
  call("scan", "read", "none", (s, ctx) => collect(s.scan(ctx))),
  call("entries", "read", "none", (s, ctx) => collect(s.entries(ctx))),
  call("size", "read", "none", (s, ctx) => s.size(ctx)),
  call("clear", "write", "none", (s, ctx) => s.clear(ctx)),
  call("beginTransaction", "write", "none", (s, ctx) => s.beginTransaction(ctx)),
  call("transact", "write", "none", (s, ctx, key) => s.transact(ctx, (tx) => tx.set(key, "new"))),
  call("list.rpush", "write", "key", (s, ctx, key) => s.list(key).rpush(ctx, 1)),
  call("list.lrange", "read", "key", (s, ctx, key) => s.list(key).lrange(ctx, 0, -1)),
  call("hash.hset", "write", "key", (s, ctx, key) => s.hash(key).hset(ctx, "f", 1)),
  call("hash.hgetall", "read", "key", (s, ctx, key) => s.hash(key).hgetall(ctx)),
  call("counter.incr", "write", "key", (s, ctx, key) => s.counter(key).incr(ctx)),
  call("counter.get", "read", "key", (s, ctx, key) => s.counter(key).get(ctx)),
  call("watch", "read", "none", async (s, ctx) => s.watch(ctx)[Symbol.asyncIterator]().next()),
];

/** Every call of the plugin that is none of Storage. */
export const PLUGIN_CALLS: readonly PublicCall<StoragePlugin>[] = [
  call("clearCache", "write", "none", (s, ctx) => s.clearCache(ctx)),
  call("getCacheStats", "read", "none", (s, ctx) => s.getCacheStats(ctx)),
  call("listNamespaces", "read", "none", (s, ctx) => s.listNamespaces(ctx)),
  call("clearNamespace", "write", "none", (s, ctx) => s.clearNamespace(ctx, "other")),
  call("info", "read", "none", (s, ctx) => s.info(ctx)),
  call("flush", "write", "none", (s, ctx) => s.flush(ctx)),
  call("compact", "write", "none", (s, ctx) => s.compact(ctx)),
  call("verify", "read", "none", (s, ctx) => s.verify(ctx)),
];

export const ALL_CALLS: readonly PublicCall<StoragePlugin>[] = [...STORAGE_CALLS, ...PLUGIN_CALLS];

/** A call of a transaction; its context is the transaction's. */
export interface TransactionCall {
  readonly operation: string;
  readonly access: "read" | "write";
  readonly run: (tx: Transaction, key: string) => Promise<unknown>;
  readonly names: "key" | "keys" | "none";
}

function txCall(
  operation: string,
  access: "read" | "write",
  names: TransactionCall["names"],
  run: TransactionCall["run"],
): TransactionCall {
  return { operation, access, names, run };
}

/** Every call of Transaction that a finished one refuses; some of those of structures. */
export const TRANSACTION_CALLS: readonly TransactionCall[] = [
  txCall("get", "read", "key", (tx, key) => tx.get(key)),
  txCall("getOr", "read", "key", (tx, key) => tx.getOr(key, 0)),
  txCall("set", "write", "key", (tx, key) => tx.set(key, "new")),
  txCall("delete", "write", "key", (tx, key) => tx.delete(key)),
  txCall("exists", "read", "key", (tx, key) => tx.exists(key)),
  txCall("ttl", "read", "key", (tx, key) => tx.ttl(key)),
  txCall("expire", "write", "key", (tx, key) => tx.expire(key, "1h")),
  txCall("persist", "write", "key", (tx, key) => tx.persist(key)),
  txCall("getBatch", "read", "keys", (tx, key) => tx.getBatch(["fine", key])),
  txCall("setBatch", "write", "keys", (tx, key) =>
    tx.setBatch(
      new Map([
        ["fine", 1],
        [key, 2],
      ]),
    ),
  ),
  txCall("deleteBatch", "write", "keys", (tx, key) => tx.deleteBatch(["fine", key])),
  txCall("find", "read", "none", (tx) => tx.find("*")),
  txCall("keys", "read", "none", (tx) => tx.keys()),
  txCall("count", "read", "none", (tx) => tx.count()),
  txCall("scan", "read", "none", (tx) => collect(tx.scan())),
  txCall("list.rpush", "write", "key", (tx, key) => tx.list(key).rpush(1)),
  txCall("list.lrange", "read", "key", (tx, key) => tx.list(key).lrange(0, -1)),
  txCall("hash.hset", "write", "key", (tx, key) => tx.hash(key).hset("f", 1)),
  txCall("hash.hgetall", "read", "key", (tx, key) => tx.hash(key).hgetall()),
  txCall("counter.incr", "write", "key", (tx, key) => tx.counter(key).incr()),
  txCall("counter.get", "read", "key", (tx, key) => tx.counter(key).get()),
  txCall("commit", "write", "none", (tx) => tx.commit()),
];
