import type { CommitResult, Committed, Expiry, Put, Write } from "../backends/backend.js";
import { cacheKey } from "../cache/cache-key.js";
import { entriesOf, type BatchData } from "../core/batch-data.js";
import { requireContext, type Context } from "../core/context.js";
import { handOut, type DecodedEntry } from "../core/decoded-entry.js";
import { parseDuration, type Duration } from "../core/duration.js";
import { ENTRY_TYPE } from "../core/entry.js";
import { StorageFault, toStorageError } from "../core/errors.js";
import { expiryIn, remainingTtl } from "../core/expiry.js";
import { checkKey, checkNamespace, headKey } from "../core/key.js";
import type { ListOptions } from "../core/listing.js";
import { asSequence } from "../core/operation.js";
import { EVERYTHING } from "../core/range.js";
import type { EncodedValue } from "../core/value-encoder.js";
import { BufferedTransaction, type ValueCheck } from "../transaction/buffered-transaction.js";
import { changeExpiry, removeExpiry } from "../transaction/change-expiry.js";
import { CommitRequest } from "../transaction/commit-request.js";
import { runTransaction, WorkFailure } from "../transaction/run-transaction.js";
import { TransactionCore } from "../transaction/transaction-core.js";
import { HeadScan } from "./head-scan.js";
import type { Stack } from "./stack.js";
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
import { watchChanges } from "./watch-changes.js";

const NO_VALUE: readonly undefined[] = Object.freeze([undefined]);
const TYPE_NAMES: Readonly<Record<number, KeyType>> = {
  [ENTRY_TYPE.value]: "value",
  [ENTRY_TYPE.list]: "list",
  [ENTRY_TYPE.hash]: "hash",
  [ENTRY_TYPE.blob]: "blob",
};

type Access = "read" | "write";

/** The calls of one namespace over the stack that its slot holds. */
export class NamespaceStorage implements Storage {
  readonly #slot: StackSlot;
  readonly #namespace: string;
  readonly #check: ValueCheck | undefined;

  /** `check` is applied to every value before it is stored. */
  constructor(slot: StackSlot, namespace: string, check?: ValueCheck) {
    this.#slot = slot;
    this.#namespace = namespace;
    this.#check = check;
  }

  get<T = unknown>(ctx: Context, key: string): Promise<T> {
    try {
      const hit = this.#lookup(ctx, key);
      if (hit?.type === ENTRY_TYPE.value) return Promise.resolve(handOut(hit) as T);
      return this.#getSlowly(ctx, key, hit);
    } catch (error) {
      return Promise.reject(toStorageError(error, this.#details("get", "read", key)));
    }
  }

  getOr<T = unknown, D = T>(ctx: Context, key: string, fallback: D): Promise<T | D> {
    return this.#readOne("getOr", ctx, key, (entry) => (isPlain(entry) ? (handOut(entry) as T) : fallback));
  }

  getEntry<T = unknown>(ctx: Context, key: string): Promise<Entry<T> | undefined> {
    return this.#readOne("getEntry", ctx, key, (entry) => {
      if (!isPlain(entry)) return undefined;
      const { version, expiresAt } = entry;
      const value = handOut(entry) as T;
      return { key, value, version: version as string, ...(expiresAt === Infinity ? {} : { expiresAt }) };
    });
  }

  set(ctx: Context, key: string, value: unknown, ttl?: Duration): Promise<void> {
    try {
      const stack = this.#enter(ctx);
      checkKey(key);
      const expiry = expiryIn(ttl);
      const written =
        this.#check === undefined
          ? this.#commitPut(stack, ctx, key, stack.services.encoder.encode(value), expiry)
          : this.#commitChecked(stack, ctx, key, this.#check(value), expiry);
      return written.then(nothing, (error: unknown) => {
        throw toStorageError(error, this.#details("set", "write", key));
      });
    } catch (error) {
      return Promise.reject(toStorageError(error, this.#details("set", "write", key)));
    }
  }

  delete(ctx: Context, key: string): Promise<boolean> {
    return this.#run("delete", "write", key, async () => {
      const stack = this.#enter(ctx);
      checkKey(key);
      const { replaced } = await this.#commit(stack, ctx, [{ kind: "delete", key: headKey(key) }], NO_VALUE);
      return replaced[0] !== undefined;
    });
  }

  exists(ctx: Context, key: string): Promise<boolean> {
    return this.#readOne("exists", ctx, key, (entry) => entry.version !== null);
  }

  getBatch<T = unknown>(ctx: Context, keys: Iterable<string>): Promise<Map<string, T>> {
    return this.#run("getBatch", "read", undefined, async () => {
      const stack = this.#enter(ctx);
      const wanted = checkedKeys(keys);
      const entries = await this.#lookupAll(stack, ctx, wanted);
      const found = new Map<string, T>();
      for (const [i, key] of wanted.entries()) {
        const entry = entries[i] as DecodedEntry;
        if (entry.type === ENTRY_TYPE.value) found.set(key, handOut(entry) as T);
      }
      return found;
    });
  }

  setBatch(ctx: Context, data: BatchData, ttl?: Duration): Promise<void> {
    return this.#run("setBatch", "write", undefined, async () => {
      const stack = this.#enter(ctx);
      const expiry = expiryIn(ttl);
      const entries = entriesOf(data);
      const encoded = await Promise.all(entries.map(([, value]) => this.#encode(stack, value)));
      if (entries.length === 0) return;
      const puts = encoded.map((value, i) => putOf((entries[i] as [string, unknown])[0], value, expiry));
      await this.#commit(
        stack,
        ctx,
        puts,
        encoded.map(({ value }) => value),
      );
    });
  }

  deleteBatch(ctx: Context, keys: Iterable<string>): Promise<number> {
    return this.#run("deleteBatch", "write", undefined, async () => {
      const stack = this.#enter(ctx);
      const writes = Array.from(
        new Set(checkedKeys(keys)),
        (key) => ({ kind: "delete", key: headKey(key) }) as const,
      );
      if (writes.length === 0) return 0;
      const { replaced } = await this.#commit(stack, ctx, writes, []);
      return replaced.filter((header) => header !== undefined).length;
    });
  }

  find<T = unknown>(ctx: Context, pattern: string, options?: ListOptions): Promise<Map<string, T>> {
    return this.#run("find", "read", undefined, () => this.#headScan(ctx).find<T>(pattern, options));
  }

  keys(ctx: Context, pattern = "*", options?: ListOptions): Promise<string[]> {
    return this.#run("keys", "read", undefined, () => this.#headScan(ctx).keys(pattern, options));
  }

  count(ctx: Context, pattern = "*"): Promise<number> {
    return this.#run("count", "read", undefined, () => this.#headScan(ctx).count(pattern));
  }

  scan<T = unknown>(ctx: Context, pattern = "*", options?: ListOptions): AsyncGenerator<Entry<T>> {
    return asSequence(this.#details("scan", "read"), () => this.#headScan(ctx).entries<T>(pattern, options));
  }

  entries<T = unknown>(ctx: Context): AsyncGenerator<Entry<T>> {
    return asSequence(this.#details("entries", "read"), () => this.#headScan(ctx).entries<T>("*"));
  }

  size(ctx: Context): Promise<number> {
    return this.#run("size", "read", undefined, () => this.#headScan(ctx).count("*"));
  }

  clear(ctx: Context): Promise<number> {
    return this.#run("clear", "write", undefined, async () => {
      const stack = this.#enter(ctx);
      const { removed } = await this.#commit(
        stack,
        ctx,
        [{ kind: "delete-range", range: EVERYTHING }],
        NO_VALUE,
      );
      return removed;
    });
  }

  ttl(ctx: Context, key: string): Promise<number> {
    return this.#run("ttl", "read", key, async () => {
      const { reader, runtime } = this.#enter(ctx);
      checkKey(key);
      return remainingTtl(await reader.read(ctx, this.#namespace, key), runtime.clock.monotonic());
    });
  }

  type(ctx: Context, key: string): Promise<KeyType | undefined> {
    return this.#run("type", "read", key, async () => {
      const { reader } = this.#enter(ctx);
      checkKey(key);
      return TYPE_NAMES[(await reader.read(ctx, this.#namespace, key)).type];
    });
  }

  expire(ctx: Context, key: string, ttl: Duration): Promise<boolean> {
    return this.#run("expire", "write", key, async () => {
      checkKey(key);
      const ttlMs = parseDuration(ttl);
      return this.#transact(ctx, (core) => changeExpiry(core, key, ttlMs));
    });
  }

  persist(ctx: Context, key: string): Promise<boolean> {
    return this.#run("persist", "write", key, async () => {
      checkKey(key);
      return this.#transact(ctx, (core) => removeExpiry(core, key));
    });
  }

  beginTransaction(ctx: Context, options: TransactionOptions = {}): Promise<Transaction> {
    return this.#run("beginTransaction", "write", undefined, async () => {
      const { services, settings } = this.#enter(ctx);
      const timeoutMs = timeoutOf(options, settings.transaction.timeoutMs);
      return new BufferedTransaction(
        new TransactionCore(services, ctx, this.#namespace, timeoutMs),
        this.#check,
      );
    });
  }

  transact<R>(
    ctx: Context,
    work: (tx: Transaction) => R | Promise<R>,
    options: TransactOptions = {},
  ): Promise<R> {
    return this.#run("transact", "write", undefined, () => {
      if (typeof work !== "function") throw new TypeError("transact takes a function of the transaction");
      return this.#transact(ctx, (core) => work(new BufferedTransaction(core, this.#check)), options);
    });
  }

  watch<T = unknown>(ctx: Context, pattern = "*", options: WatchOptions = {}): AsyncIterable<Change<T>> {
    return watchChanges<T>({
      stack: () => this.#enter(ctx),
      ctx,
      namespace: this.#namespace,
      pattern,
      options,
      details: this.#details("watch", "read"),
    });
  }

  namespace(name: string): Storage;
  namespace<In, Out>(name: string, schema: StandardSchema<In, Out>): TypedStorage<Out, In>;
  namespace(name: string, schema?: StandardSchema): Storage {
    checkNamespace(name);
    if (schema === undefined) return new NamespaceStorage(this.#slot, name);
    requireSchema(schema);
    return new NamespaceStorage(this.#slot, name, (value) => checkValue(schema, value));
  }

  /** The stack, once the call may begin. */
  #enter(ctx: Context): Stack {
    requireContext(ctx);
    const { stack } = this.#slot;
    const over = ctx.err();
    if (over !== undefined) throw over;
    return stack;
  }

  /** What the cache knows of a key; counted. */
  #lookup(ctx: Context, key: string): DecodedEntry | undefined {
    const cache = this.#enter(ctx).reader.cacheFor(ctx);
    if (cache === undefined) return undefined;
    const hit = cache.lookup(cacheKey(this.#namespace, key));
    // Text with U+0000 is no key, but could be the cache's name for one of another namespace.
    return hit === undefined || key.includes("\0") ? undefined : hit;
  }

  async #getSlowly<T>(ctx: Context, key: string, hit: DecodedEntry | undefined): Promise<T> {
    return this.#run("get", "read", key, async () => {
      const entry = hit ?? (await this.#load(ctx, key));
      if (isPlain(entry)) return handOut(entry) as T;
      throw new StorageFault("absent", "there is no such key; getOr gives a fallback instead");
    });
  }

  #load(ctx: Context, key: string): Promise<DecodedEntry> {
    checkKey(key);
    return this.#slot.stack.reader.load(ctx, this.#namespace, key);
  }

  #readOne<R>(operation: string, ctx: Context, key: string, answer: (entry: DecodedEntry) => R): Promise<R> {
    return this.#run(operation, "read", key, async () =>
      answer(this.#lookup(ctx, key) ?? (await this.#load(ctx, key))),
    );
  }

  async #lookupAll(stack: Stack, ctx: Context, keys: readonly string[]): Promise<DecodedEntry[]> {
    const cache = stack.reader.cacheFor(ctx);
    const found = keys.map((key) => cache?.lookup(cacheKey(this.#namespace, key)));
    const missing = keys.filter((_key, i) => found[i] === undefined);
    const loaded = missing.length === 0 ? [] : await stack.reader.loadAll(ctx, this.#namespace, missing);
    let next = 0;
    return found.map((entry) => entry ?? (loaded[next++] as DecodedEntry));
  }

  #headScan(ctx: Context): HeadScan {
    return new HeadScan(this.#enter(ctx), ctx, this.#namespace);
  }

  #encode(stack: Stack, value: unknown): EncodedValue | Promise<EncodedValue> {
    const { encoder } = stack.services;
    return this.#check === undefined
      ? encoder.encode(value)
      : this.#check(value).then((checked) => encoder.encode(checked));
  }

  async #commitChecked(
    stack: Stack,
    ctx: Context,
    key: string,
    checked: Promise<unknown>,
    expiry: Expiry,
  ): Promise<CommitResult> {
    const encoded = stack.services.encoder.encode(await checked);
    return this.#commitPut(stack, ctx, key, encoded, expiry);
  }

  #commitPut(
    stack: Stack,
    ctx: Context,
    key: string,
    encoded: EncodedValue,
    expiry: Expiry,
  ): Promise<CommitResult> {
    const { pump, versions } = stack.services;
    const put = putOf(key, encoded, expiry);
    return pump.submit(new CommitRequest(versions.next(), ctx, this.#namespace, [put], [encoded.value]));
  }

  /** Commits writes without checks, which nothing can conflict with. */
  async #commit(
    stack: Stack,
    ctx: Context,
    writes: readonly Write[],
    values: readonly unknown[],
  ): Promise<Committed> {
    const { pump, versions } = stack.services;
    const request = new CommitRequest(versions.next(), ctx, this.#namespace, writes, values);
    return (await pump.submit(request)) as Committed;
  }

  async #transact<R>(
    ctx: Context,
    work: (core: TransactionCore) => R | Promise<R>,
    options: TransactOptions = {},
  ): Promise<R> {
    const { settings, contention, runtime } = this.#enter(ctx);
    const services = () => this.#slot.stack.services;
    const timeoutMs = timeoutOf(options, settings.transaction.timeoutMs);
    const maxAttempts = attemptsOf(options, settings.transaction.maxAttempts);
    const { timers, random } = runtime;
    const namespace = this.#namespace;
    return runTransaction(
      { services, contention, timers, random, ctx, namespace, timeoutMs, maxAttempts },
      work,
    );
  }

  async #run<R>(
    operation: string,
    access: Access,
    key: string | undefined,
    body: () => Promise<R>,
  ): Promise<R> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof WorkFailure) throw error.error;
      throw toStorageError(error, this.#details(operation, access, key));
    }
  }

  #details(operation: string, access: Access, key?: string) {
    const namespace = this.#namespace;
    const named = typeof key === "string" ? key : undefined;
    return { operation, access, key: named, namespace, backend: this.#slot.backendName };
  }
}

function nothing(): void {
  return undefined;
}

/** Whether the entry holds a plain value; false when it is absent. */
function isPlain(entry: DecodedEntry): boolean {
  if (entry.version === null) return false;
  if (entry.type === ENTRY_TYPE.value) return true;
  throw new StorageFault(
    "wrong-type",
    `the key holds a ${TYPE_NAMES[entry.type] ?? "structure"}, not a plain value`,
  );
}

function putOf(key: string, { codec, data }: EncodedValue, expiry: Expiry): Put {
  return { kind: "put", key: headKey(key), type: ENTRY_TYPE.value, codec, data, expiry };
}

function checkedKeys(keys: Iterable<string>): string[] {
  if (typeof keys === "string") throw new TypeError("give an array of keys, not one key");
  const checked = [...keys];
  for (const key of checked) checkKey(key);
  return checked;
}

function timeoutOf({ timeout }: TransactionOptions, byDefault: number): number {
  return timeout === undefined ? byDefault : parseDuration(timeout);
}

function attemptsOf({ maxAttempts }: TransactOptions, byDefault: number): number {
  const attempts = maxAttempts ?? byDefault;
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new TypeError(`maxAttempts must be a whole number of at least 1, not ${String(maxAttempts)}`);
  }
  return attempts;
}
