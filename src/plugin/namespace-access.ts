import type { CommitResult, Committed, Expiry, Put, Write } from "../backends/backend.js";
import { cacheKey } from "../cache/cache-key.js";
import { requireContext, type Context } from "../core/context.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import { parseTimeLimit } from "../core/duration.js";
import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { toStorageError } from "../core/errors.js";
import { checkKey, checkNamespace, headKey } from "../core/key.js";
import { requireKnownOptions } from "../core/known-options.js";
import type { ValueCheck } from "../transaction/buffered-transaction.js";
import { CommitRequest } from "../transaction/commit-request.js";
import type { FoldedOperation, FoldedRun } from "../transaction/folded-operations.js";
import { runTransaction, USUAL_RETRIES, WorkFailure } from "../transaction/run-transaction.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { HeadScan } from "./head-scan.js";
import type { Stack } from "./stack.js";
import type { StackSlot } from "./stack-slot.js";
import type { TransactionOptions, TransactOptions } from "./storage.js";

export type Access = "read" | "write";

/** How the calls of one namespace reach the stack: what they all begin with, end with and go through. */
export class NamespaceAccess {
  readonly slot: StackSlot;
  readonly namespace: string;
  /** Applied to every value before it is stored; undefined without a schema. */
  readonly check: ValueCheck | undefined;

  constructor(slot: StackSlot, namespace: string, check: ValueCheck | undefined) {
    this.slot = slot;
    this.namespace = namespace;
    this.check = check;
  }

  /** The stack, once the call may begin. */
  enter(ctx: Context): Stack {
    requireContext(ctx);
    const { stack } = this.slot;
    const over = ctx.err();
    if (over !== undefined) throw over;
    return stack;
  }

  /** What the cache knows of a key; counted. */
  lookup(ctx: Context, key: string): DecodedEntry | undefined {
    const answers = this.enter(ctx).reader.answersFor(ctx, this.namespace);
    if (answers === undefined) return undefined;
    const hit = answers.lookup(cacheKey(this.namespace, key));
    // Text with U+0000 is no key, but could be the cache's name for one of another namespace.
    return hit === undefined || key.includes("\0") ? undefined : hit;
  }

  load(ctx: Context, key: string): Promise<DecodedEntry> {
    checkKey(key);
    return this.slot.stack.reader.load(ctx, this.namespace, key);
  }

  async lookupAll(stack: Stack, ctx: Context, keys: readonly string[]): Promise<DecodedEntry[]> {
    const answers = stack.reader.answersFor(ctx, this.namespace);
    const found = keys.map((key) => answers?.lookup(cacheKey(this.namespace, key)));
    const missing = keys.filter((_key, i) => found[i] === undefined);
    const loaded = missing.length === 0 ? [] : await stack.reader.loadAll(ctx, this.namespace, missing);
    let next = 0;
    return found.map((entry) => entry ?? (loaded[next++] as DecodedEntry));
  }

  headScan(ctx: Context): HeadScan {
    return new HeadScan(this.enter(ctx), ctx, this.namespace);
  }

  encode(stack: Stack, value: unknown): Payload | Promise<Payload> {
    const { encoder } = stack.services;
    if (this.check === undefined) return encoder.encode(value);
    const checked = this.check(value);
    return checked instanceof Promise
      ? checked.then((accepted) => encoder.encode(accepted))
      : encoder.encode(checked);
  }

  commitPut(
    stack: Stack,
    ctx: Context,
    key: string,
    encoded: Payload,
    expiry: Expiry,
  ): Promise<CommitResult> {
    const { pump, versions } = stack.services;
    const put = putOf(key, encoded, expiry);
    return pump.submit(new CommitRequest(versions.next(), ctx, this.namespace, [put]));
  }

  /** Commits writes without checks, which nothing can conflict with. */
  async commit(stack: Stack, ctx: Context, writes: readonly Write[]): Promise<Committed> {
    const { pump, versions } = stack.services;
    const request = new CommitRequest(versions.next(), ctx, this.namespace, writes);
    return (await pump.submit(request)) as Committed;
  }

  /** As `transact`, for work of the store's own: what it throws is a fault like any other. */
  async transactOwn<R>(ctx: Context, work: (core: TransactionCore) => Promise<R>): Promise<R> {
    try {
      return await this.transact(ctx, work);
    } catch (error) {
      throw error instanceof WorkFailure ? error.error : error;
    }
  }

  async transact<R>(
    ctx: Context,
    work: (core: TransactionCore) => R | Promise<R>,
    options: TransactOptions = {},
  ): Promise<R> {
    const { settings } = this.enter(ctx);
    requireKnownOptions("transact", options, ["timeout", "maxAttempts"]);
    const timeoutMs = timeoutOf(options, settings.transaction.timeoutMs);
    const maxAttempts = attemptsOf(options, settings.transaction.maxAttempts);
    const retries = { ...USUAL_RETRIES, maxAttempts };
    return runTransaction({ ...this.#runOf(timeoutMs), retries, ctx }, work);
  }

  /** Makes a change of one key, together with others of the same key that are waiting. */
  fold<R>(ctx: Context, key: string, operation: FoldedOperation<R>): Promise<R> {
    const { settings, folded } = this.enter(ctx);
    return folded.run(this.#runOf(settings.transaction.timeoutMs), ctx, key, operation);
  }

  #runOf(timeoutMs: number): FoldedRun {
    const { contention, runtime } = this.slot.stack;
    const { timers, random } = runtime;
    const services = () => this.slot.stack.services;
    return { services, contention, timers, random, namespace: this.namespace, timeoutMs };
  }

  async run<R>(
    operation: string,
    access: Access,
    key: string | undefined,
    body: () => Promise<R>,
  ): Promise<R> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof WorkFailure) throw error.error;
      throw toStorageError(error, this.details(operation, access, key));
    }
  }

  /** Checks the name of another namespace. @throws StorageError `invalid-namespace`; TypeError when it is no text. */
  requireName(name: string): void {
    try {
      checkNamespace(name);
    } catch (error) {
      throw toStorageError(error, this.details("namespace", "read"));
    }
  }

  details(operation: string, access: Access, key?: string) {
    const namespace = this.namespace;
    const named = typeof key === "string" ? key : undefined;
    return { operation, access, key: named, namespace, backend: this.slot.backendName };
  }
}

/** The write that stores a value under a user's key. */
export function putOf(key: string, { codec, data }: Payload, expiry: Expiry): Put {
  return { kind: "put", key: headKey(key), type: ENTRY_TYPE.value, codec, data, expiry };
}

/** Milliseconds a transaction may take. @throws StorageFault `invalid-ttl` when that is no duration above 0. */
export function timeoutOf({ timeout }: TransactionOptions, byDefault: number): number {
  return timeout === undefined ? byDefault : parseTimeLimit("timeout", timeout);
}

function attemptsOf({ maxAttempts }: TransactOptions, byDefault: number): number {
  const attempts = maxAttempts ?? byDefault;
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new TypeError(`maxAttempts must be a whole number of at least 1, not ${String(maxAttempts)}`);
  }
  return attempts;
}
