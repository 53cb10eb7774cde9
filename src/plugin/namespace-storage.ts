import { encodeEach, entriesOf, type BatchData } from "../core/batch-data.js";
import type { Context } from "../core/context.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import { parseDuration, type Duration } from "../core/duration.js";
import { ENTRY_TYPE } from "../core/entry.js";
import { ofKey, StorageFault, toStorageError } from "../core/errors.js";
import { expiryIn, remainingTtl } from "../core/expiry.js";
import { checkKey, checkKeys, headKey } from "../core/key.js";
import { requireKnownOptions } from "../core/known-options.js";
import type { ListOptions } from "../core/listing.js";
import { asSequence } from "../core/operation.js";
import { EVERYTHING } from "../core/range.js";
import { CounterCalls } from "../structures/counter-calls.js";
import type { Counter } from "../structures/counter.js";
import { HashCalls } from "../structures/hash-calls.js";
import type { Hash } from "../structures/hash.js";
import { ListCalls } from "../structures/list-calls.js";
import type { List } from "../structures/list.js";
import type { ValueCheck } from "../transaction/buffered-transaction.js";
import { changeExpiry, removeExpiry } from "../transaction/change-expiry.js";
import { TransactionCore } from "../transaction/transaction-core.js";
import { NamespaceAccess, putOf, timeoutOf } from "./namespace-access.js";
import { NamespaceStructures } from "./namespace-structures.js";
import type { StackSlot } from "./stack-slot.js";
import type {
  Change,
  Entry,
  KeyType,
  Storage,
  TransactionOptions,
  TransactOptions,
  Transaction,
  TypedStorage,
  WatchOptions,
} from "./storage.js";
import { checkValue, requireSchema, type StandardSchema } from "./standard-schema.js";
import { StructuredTransaction } from "./structured-transaction.js";
import { watchChanges } from "./watch-changes.js";

const TYPE_NAMES: Readonly<Record<number, KeyType>> = {
  [ENTRY_TYPE.value]: "value",
  [ENTRY_TYPE.list]: "list",
  [ENTRY_TYPE.hash]: "hash",
  [ENTRY_TYPE.blob]: "blob",
};

/** The calls of one namespace over the stack that its slot holds. */
export class NamespaceStorage implements Storage {
  readonly #access: NamespaceAccess;

  /** `check` is applied to every value before it is stored. */
  constructor(slot: StackSlot, namespace: string, check?: ValueCheck) {
    this.#access = new NamespaceAccess(slot, namespace, check);
  }

  get<T = unknown>(ctx: Context, key: string): Promise<T> {
    try {
      const hit = this.#access.lookup(ctx, key);
      if (hit?.type === ENTRY_TYPE.value) return Promise.resolve(hit.handOut() as T);
      return this.#getSlowly(ctx, key, hit);
    } catch (error) {
      return Promise.reject(toStorageError(error, this.#access.details("get", "read", key)));
    }
  }

  getOr<T = unknown, D = T>(ctx: Context, key: string, fallback: D): Promise<T | D> {
    return this.#readOne("getOr", ctx, key, (entry) => (isPlain(entry) ? (entry.handOut() as T) : fallback));
  }

  getEntry<T = unknown>(ctx: Context, key: string): Promise<Entry<T> | undefined> {
    return this.#readOne("getEntry", ctx, key, (entry) => {
      if (!isPlain(entry)) return undefined;
      const { version, expiresAt } = entry;
      const value = entry.handOut() as T;
      return { key, value, version: version as string, ...(expiresAt === Infinity ? {} : { expiresAt }) };
    });
  }

  set(ctx: Context, key: string, value: unknown, ttl?: Duration): Promise<void> {
    try {
      const stack = this.#access.enter(ctx);
      checkKey(key);
      const expiry = expiryIn(ttl);
      const encoded = this.#access.encode(stack, value);
      const written =
        encoded instanceof Promise
          ? encoded.then((payload) => this.#access.commitPut(stack, ctx, key, payload, expiry))
          : this.#access.commitPut(stack, ctx, key, encoded, expiry);
      return written.then(nothing, (error: unknown) => {
        throw toStorageError(error, this.#access.details("set", "write", key));
      });
    } catch (error) {
      return Promise.reject(toStorageError(error, this.#access.details("set", "write", key)));
    }
  }

  delete(ctx: Context, key: string): Promise<boolean> {
    return this.#access.run("delete", "write", key, async () => {
      const stack = this.#access.enter(ctx);
      checkKey(key);
      const { replaced } = await this.#access.commit(stack, ctx, [{ kind: "delete", key: headKey(key) }]);
      return replaced[0] !== undefined;
    });
  }

  exists(ctx: Context, key: string): Promise<boolean> {
    return this.#readOne("exists", ctx, key, (entry) => entry.version !== null);
  }

  getBatch<T = unknown>(ctx: Context, keys: Iterable<string>): Promise<Map<string, T>> {
    return this.#access.run("getBatch", "read", undefined, async () => {
      const stack = this.#access.enter(ctx);
      const wanted = checkKeys(keys);
      const entries = await this.#access.lookupAll(stack, ctx, wanted);
      return plainValues<T>(wanted, entries);
    });
  }

  setBatch(ctx: Context, data: BatchData, ttl?: Duration): Promise<void> {
    return this.#access.run("setBatch", "write", undefined, async () => {
      const stack = this.#access.enter(ctx);
      const expiry = expiryIn(ttl);
      const entries = entriesOf(data);
      const encoded = await encodeEach(entries, (value) => this.#access.encode(stack, value));
      if (entries.length === 0) return;
      const puts = encoded.map((value, i) => putOf((entries[i] as [string, unknown])[0], value, expiry));
      await this.#access.commit(stack, ctx, puts);
    });
  }

  deleteBatch(ctx: Context, keys: Iterable<string>): Promise<number> {
    return this.#access.run("deleteBatch", "write", undefined, async () => {
      const stack = this.#access.enter(ctx);
      const writes = Array.from(
        new Set(checkKeys(keys)),
        (key) => ({ kind: "delete", key: headKey(key) }) as const,
      );
      if (writes.length === 0) return 0;
      const { replaced } = await this.#access.commit(stack, ctx, writes);
      return replaced.filter((header) => header !== undefined).length;
    });
  }

  find<T = unknown>(ctx: Context, pattern: string, options?: ListOptions): Promise<Map<string, T>> {
    return this.#access.run("find", "read", undefined, () =>
      this.#access.headScan(ctx).find<T>(pattern, options),
    );
  }

  keys(ctx: Context, pattern = "*", options?: ListOptions): Promise<string[]> {
    return this.#access.run("keys", "read", undefined, () =>
      this.#access.headScan(ctx).keys(pattern, options),
    );
  }

  count(ctx: Context, pattern = "*"): Promise<number> {
    return this.#access.run("count", "read", undefined, () => this.#access.headScan(ctx).count(pattern));
  }

  scan<T = unknown>(ctx: Context, pattern = "*", options?: ListOptions): AsyncGenerator<Entry<T>> {
    return asSequence(this.#access.details("scan", "read"), () =>
      this.#access.headScan(ctx).entries<T>(pattern, options),
    );
  }

  entries<T = unknown>(ctx: Context): AsyncGenerator<Entry<T>> {
    return asSequence(this.#access.details("entries", "read"), () =>
      this.#access.headScan(ctx).entries<T>("*"),
    );
  }

  size(ctx: Context): Promise<number> {
    return this.#access.run("size", "read", undefined, () => this.#access.headScan(ctx).count("*"));
  }

  clear(ctx: Context): Promise<number> {
    return this.#access.run("clear", "write", undefined, async () => {
      const stack = this.#access.enter(ctx);
      const { removed } = await this.#access.commit(stack, ctx, [
        { kind: "delete-range", range: EVERYTHING },
      ]);
      return removed;
    });
  }

  ttl(ctx: Context, key: string): Promise<number> {
    return this.#access.run("ttl", "read", key, async () => {
      const { reader, runtime } = this.#access.enter(ctx);
      checkKey(key);
      return remainingTtl(await reader.read(ctx, this.#access.namespace, key), runtime.clock.monotonic());
    });
  }

  type(ctx: Context, key: string): Promise<KeyType | undefined> {
    return this.#access.run("type", "read", key, async () => {
      const { reader } = this.#access.enter(ctx);
      checkKey(key);
      return TYPE_NAMES[(await reader.read(ctx, this.#access.namespace, key)).type];
    });
  }

  expire(ctx: Context, key: string, ttl: Duration): Promise<boolean> {
    return this.#access.run("expire", "write", key, async () => {
      checkKey(key);
      const ttlMs = parseDuration(ttl);
      return this.#access.transactOwn(ctx, (core) => changeExpiry(core, key, ttlMs));
    });
  }

  persist(ctx: Context, key: string): Promise<boolean> {
    return this.#access.run("persist", "write", key, async () => {
      checkKey(key);
      return this.#access.transactOwn(ctx, (core) => removeExpiry(core, key));
    });
  }

  beginTransaction(ctx: Context, options: TransactionOptions = {}): Promise<Transaction> {
    return this.#access.run("beginTransaction", "write", undefined, async () => {
      const { services, settings } = this.#access.enter(ctx);
      requireKnownOptions("transaction", options, ["timeout"]);
      const timeoutMs = timeoutOf(options, settings.transaction.timeoutMs);
      return new StructuredTransaction(
        new TransactionCore(services, ctx, this.#access.namespace, timeoutMs),
        this.#access.check,
      );
    });
  }

  transact<R>(
    ctx: Context,
    work: (tx: Transaction) => R | Promise<R>,
    options: TransactOptions = {},
  ): Promise<R> {
    return this.#access.run("transact", "write", undefined, () => {
      if (typeof work !== "function") throw new TypeError("transact takes a function of the transaction");
      return this.#access.transact(
        ctx,
        (core) => work(new StructuredTransaction(core, this.#access.check)),
        options,
      );
    });
  }

  list<T = unknown>(key: string): List<T> {
    return new ListCalls<T>(new NamespaceStructures(this.#access), key);
  }

  hash<T = unknown>(key: string): Hash<T> {
    return new HashCalls<T>(new NamespaceStructures(this.#access), key);
  }

  counter(key: string): Counter {
    return new CounterCalls(new NamespaceStructures(this.#access), key);
  }

  watch<T = unknown>(ctx: Context, pattern = "*", options: WatchOptions = {}): AsyncIterable<Change<T>> {
    return watchChanges<T>({
      stack: () => this.#access.enter(ctx),
      ctx,
      namespace: this.#access.namespace,
      pattern,
      options,
      details: this.#access.details("watch", "read"),
    });
  }

  namespace(name: string): Storage;
  namespace<In, Out>(name: string, schema: StandardSchema<In, Out>): TypedStorage<Out, In>;
  namespace(name: string, schema?: StandardSchema): Storage {
    this.#access.requireName(name);
    if (schema === undefined) return new NamespaceStorage(this.#access.slot, name);
    requireSchema(schema);
    return new NamespaceStorage(this.#access.slot, name, (value) => checkValue(schema, value));
  }

  async #getSlowly<T>(ctx: Context, key: string, hit: DecodedEntry | undefined): Promise<T> {
    return this.#access.run("get", "read", key, async () => {
      const entry = hit ?? (await this.#access.load(ctx, key));
      if (isPlain(entry)) return entry.handOut() as T;
      throw new StorageFault("absent", "there is no such key; getOr gives a fallback instead");
    });
  }

  #readOne<R>(operation: string, ctx: Context, key: string, answer: (entry: DecodedEntry) => R): Promise<R> {
    return this.#access.run(operation, "read", key, async () =>
      answer(this.#access.lookup(ctx, key) ?? (await this.#access.load(ctx, key))),
    );
  }
}

function nothing(): void {
  return undefined;
}

/** The plain values among entries, by their keys. */
function plainValues<T>(keys: readonly string[], entries: readonly DecodedEntry[]): Map<string, T> {
  const found = new Map<string, T>();
  let key = "";
  try {
    for (let i = 0; i < keys.length; i++) {
      key = keys[i] as string;
      const entry = entries[i] as DecodedEntry;
      if (entry.type === ENTRY_TYPE.value) found.set(key, entry.handOut() as T);
    }
  } catch (error) {
    throw ofKey(error, key);
  }
  return found;
}

/** Whether the entry holds a plain value; false when it is absent. */
function isPlain(entry: DecodedEntry): boolean {
  if (entry.version === null) return false;
  if (entry.type === ENTRY_TYPE.value) return true;
  const type = TYPE_NAMES[entry.type] ?? "structure";
  throw new StorageFault(
    "wrong-type",
    `the key holds a ${type}, not a plain value; read it with list or hash`,
  );
}
