import type { Context } from "../core/context.js";
import type { Duration } from "../core/duration.js";
import type { ListOptions } from "../core/listing.js";
import type { Counter, TransactionCounter } from "../structures/counter.js";
import type { Hash, TransactionHash } from "../structures/hash.js";
import type { List, TransactionList } from "../structures/list.js";
import type { StandardSchema } from "./standard-schema.js";

/** A live entry: its value, the version that wrote it, and its deadline if it has one. */
export interface Entry<T = unknown> {
  readonly key: string;
  readonly value: T;
  /** Opaque; equal exactly when nothing wrote the key in between. */
  readonly version: string;
  /** Milliseconds since the Unix epoch on the backend's clock. */
  readonly expiresAt?: number;
}

/** What kind of thing a key holds. */
export type KeyType = "value" | "list" | "hash" | "blob";

/** Opaque place in a namespace's order of changes; valid as long as the change log reaches back to it. */
export type WatchPosition = string;

export interface Change<T = unknown> {
  /**
   * `set`, `delete`, `expire`: of one key. `clear`: every key may be gone. `gap`: changes were missed (the position
   * was too old, or the log was lost); read again what you keep.
   */
  readonly type: "set" | "delete" | "expire" | "clear" | "gap";
  readonly key?: string;
  readonly version?: string;
  /** With `set` of a plain value: the value, or absent when it changed again before it could be read. */
  readonly value?: T;
  readonly position: WatchPosition;
}

export interface WatchOptions {
  /** Resume after this position, from an earlier change, which may be any of a commit. Absent: from the moment iteration begins. */
  readonly after?: WatchPosition;
}

export interface TransactionOptions {
  /** Aborted when it is not finished by then. Default "30s", `transaction.timeout`. */
  readonly timeout?: Duration;
}

export interface TransactOptions extends TransactionOptions {
  /** Tries before a conflict reaches the caller. Default 16, `transaction.max_attempts`. */
  readonly maxAttempts?: number;
}

/** Anything that can be read and written by key, whole batches at once: a namespace. */
export interface Storage {
  /**
   * The value of a key: a private copy (or a shared frozen value with `cache.values: frozen`, unless it holds a Date, Map,
   * Set or Uint8Array).
   * Rejects with 5004 `absent` when the key is absent or expired, 5001 `wrong-type` when it holds no plain value.
   */
  get<T = unknown>(ctx: Context, key: string): Promise<T>;
  /** As `get`, but `fallback` when the key is absent or expired. */
  getOr<T = unknown, D = T>(ctx: Context, key: string, fallback: D): Promise<T | D>;
  /** The value with its version and deadline, or undefined when absent or expired. */
  getEntry<T = unknown>(ctx: Context, key: string): Promise<Entry<T> | undefined>;
  /**
   * Stores a value, replacing whatever the key held. Without `ttl`, or with 0, it does not expire, even if it did
   * before. Resolves when the configured durability holds. Rejects with 5002 `unserializable` when the value has a
   * part that no codec stores (a function, a symbol, a cycle, …); the earlier value stays.
   */
  set(ctx: Context, key: string, value: unknown, ttl?: Duration): Promise<void>;
  /** Removes a key. False when there was none. */
  delete(ctx: Context, key: string): Promise<boolean>;
  exists(ctx: Context, key: string): Promise<boolean>;
  /** The plain values among `keys` that exist, in the order asked. One atomic read where nothing was cached. */
  getBatch<T = unknown>(ctx: Context, keys: Iterable<string>): Promise<Map<string, T>>;
  /** Stores all entries or none. */
  setBatch(
    ctx: Context,
    data: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    ttl?: Duration,
  ): Promise<void>;
  /** Removes all keys atomically; how many existed. A key given twice counts once. */
  deleteBatch(ctx: Context, keys: Iterable<string>): Promise<number>;
  /** The plain values of the keys that match, in key order. */
  find<T = unknown>(ctx: Context, pattern: string, options?: ListOptions): Promise<Map<string, T>>;
  /** The keys that match, of every type, in key order. */
  keys(ctx: Context, pattern?: string, options?: ListOptions): Promise<string[]>;
  count(ctx: Context, pattern?: string): Promise<number>;
  /** The plain values that match, page by page in bounded memory; `after` resumes, also after a restart. */
  scan<T = unknown>(ctx: Context, pattern?: string, options?: ListOptions): AsyncIterable<Entry<T>>;
  /** Milliseconds left, rounded up; -1 when the key does not expire, -2 when it is absent. */
  ttl(ctx: Context, key: string): Promise<number>;
  /** Gives a key a new time to live, 0 to remove it. False when the key is absent. */
  expire(ctx: Context, key: string, ttl: Duration): Promise<boolean>;
  /** Removes the time to live. False when the key is absent or had none. */
  persist(ctx: Context, key: string): Promise<boolean>;
  /** What the key holds, or undefined when it is absent. */
  type(ctx: Context, key: string): Promise<KeyType | undefined>;
  beginTransaction(ctx: Context, options?: TransactionOptions): Promise<Transaction>;
  /**
   * Runs `work` in a transaction and commits it. On a conflict it is run again, after a short random wait, up to
   * `maxAttempts` times; when it throws, the transaction is rolled back and the error passed on, unless what it had
   * read no longer holds: that is a conflict too.
   */
  transact<R>(ctx: Context, work: (tx: Transaction) => R | Promise<R>, options?: TransactOptions): Promise<R>;
  /** The list under a key; nothing is looked up or made before its first call. */
  list<T = unknown>(key: string): List<T>;
  /** The hash under a key; nothing is looked up or made before its first call. */
  hash<T = unknown>(key: string): Hash<T>;
  /** The counter under a key; nothing is looked up or made before its first call. */
  counter(key: string): Counter;
  /**
   * Changes of this namespace whose keys match, in commit order, from the first `next()` on. The process stays alive
   * while that waits.
   */
  watch<T = unknown>(ctx: Context, pattern?: string, options?: WatchOptions): AsyncIterable<Change<T>>;
  /** The live keys of this namespace. */
  size(ctx: Context): Promise<number>;
  /** Removes every key of this namespace, and of no other; how many there were. */
  clear(ctx: Context): Promise<number>;
  /** The storage of another namespace of the same store, checked by a schema where one is given. Flat: not nested. */
  namespace(name: string): Storage;
  namespace<In, Out>(name: string, schema: StandardSchema<In, Out>): TypedStorage<Out, In>;
  /** As `scan(ctx, "*")`. */
  entries<T = unknown>(ctx: Context): AsyncIterable<Entry<T>>;
}

export type TransactionState = "active" | "committed" | "rolled-back" | "aborted";

/**
 * A buffered, optimistic transaction in one namespace, bound to the context it began with. Reads see its own writes;
 * nothing is visible outside before `commit`, which validates everything read, absent keys and ranges included, and
 * applies everything or nothing. Any call once it is finished rejects with `finished`.
 */
export interface Transaction extends AsyncDisposable {
  readonly id: string;
  readonly state: TransactionState;
  get<T = unknown>(key: string): Promise<T>;
  getOr<T = unknown, D = T>(key: string, fallback: D): Promise<T | D>;
  set(key: string, value: unknown, ttl?: Duration): Promise<void>;
  delete(key: string): Promise<boolean>;
  exists(key: string): Promise<boolean>;
  getBatch<T = unknown>(keys: Iterable<string>): Promise<Map<string, T>>;
  setBatch(
    data: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    ttl?: Duration,
  ): Promise<void>;
  deleteBatch(keys: Iterable<string>): Promise<number>;
  find<T = unknown>(pattern: string, options?: ListOptions): Promise<Map<string, T>>;
  keys(pattern?: string, options?: ListOptions): Promise<string[]>;
  count(pattern?: string): Promise<number>;
  scan<T = unknown>(pattern?: string, options?: ListOptions): AsyncIterable<Entry<T>>;
  ttl(key: string): Promise<number>;
  expire(key: string, ttl: Duration): Promise<boolean>;
  persist(key: string): Promise<boolean>;
  list<T = unknown>(key: string): TransactionList<T>;
  hash<T = unknown>(key: string): TransactionHash<T>;
  counter(key: string): TransactionCounter;
  /** Rejects with 5002 `conflict` when another commit changed something this transaction read; nothing is applied. */
  commit(): Promise<void>;
  /** Discards the buffer. A no-op once finished, so it may stand in a `finally`. */
  rollback(): Promise<void>;
}

/**
 * A namespace whose values a schema checks: `In` is what may be set, `Out` what the schema makes of it. It holds plain
 * values only: in its transactions the calls of lists, hashes and counters reject with `unsupported`.
 */
export interface TypedStorage<Out, In = Out>
  extends Pick<
    Storage,
    | "delete"
    | "exists"
    | "deleteBatch"
    | "keys"
    | "count"
    | "ttl"
    | "expire"
    | "persist"
    | "type"
    | "beginTransaction"
    | "transact"
    | "size"
    | "clear"
  > {
  get(ctx: Context, key: string): Promise<Out>;
  getOr<D = Out>(ctx: Context, key: string, fallback: D): Promise<Out | D>;
  getEntry(ctx: Context, key: string): Promise<Entry<Out> | undefined>;
  /** Rejects with 5002 `invalid-value` when the value does not fit the schema; the earlier value stays. */
  set(ctx: Context, key: string, value: In, ttl?: Duration): Promise<void>;
  getBatch(ctx: Context, keys: Iterable<string>): Promise<Map<string, Out>>;
  setBatch(
    ctx: Context,
    data: Readonly<Record<string, In>> | ReadonlyMap<string, In>,
    ttl?: Duration,
  ): Promise<void>;
  find(ctx: Context, pattern: string, options?: ListOptions): Promise<Map<string, Out>>;
  scan(ctx: Context, pattern?: string, options?: ListOptions): AsyncIterable<Entry<Out>>;
  entries(ctx: Context): AsyncIterable<Entry<Out>>;
  watch(ctx: Context, pattern?: string, options?: WatchOptions): AsyncIterable<Change<Out>>;
}
