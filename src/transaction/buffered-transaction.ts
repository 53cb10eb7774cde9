import { parseDuration, type Duration } from "../core/duration.js";
import { ofKey, StorageFault } from "../core/errors.js";
import { checkKey, checkKeys, headKey, userKey } from "../core/key.js";
import { planListing, type ListOptions, type Listing } from "../core/listing.js";
import { asOperation, asSequence } from "../core/operation.js";
import { expiryIn, remainingTtl } from "../core/expiry.js";
import { encodeEach, entriesOf, type BatchData } from "../core/batch-data.js";
import type { Expiry } from "../backends/backend.js";
import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { changeExpiry, removeExpiry } from "./change-expiry.js";
import {
  isSeen,
  plainValue,
  type Seen,
  type TransactionCore,
  type TransactionState,
} from "./transaction-core.js";
import type { MergedEntry } from "./merge-scan.js";
import { DELETED } from "./write-buffer.js";

/** An entry of a transaction's scan; its version is the transaction's id where it wrote it itself. */
export interface ScannedEntry<T = unknown> {
  readonly key: string;
  readonly value: T;
  readonly version: string;
  readonly expiresAt?: number;
}

/** Checks a value against a schema; what it gives, or its promise resolves with, is stored. */
export type ValueCheck = (value: unknown) => unknown;

/** The transaction that users hold: the public calls over the machinery, with the errors they are promised. */
export class BufferedTransaction implements AsyncDisposable {
  readonly #core: TransactionCore;
  readonly #check: ValueCheck | undefined;

  /** `check` is applied to every value before it is stored, for namespaces with a schema. */
  constructor(core: TransactionCore, check?: ValueCheck) {
    this.#core = core;
    this.#check = check;
  }

  get id(): string {
    return this.#core.id;
  }

  get state(): TransactionState {
    return this.#core.state;
  }

  get<T = unknown>(key: string): Promise<T> {
    return this.#read("get", key, (seen) => {
      const value = plainValue(this.#core, seen);
      if (value === undefined)
        throw new StorageFault("absent", "there is no such key; getOr gives a fallback instead");
      return value as T;
    });
  }

  getOr<T = unknown, D = T>(key: string, fallback: D): Promise<T | D> {
    return this.#read("getOr", key, (seen) => {
      const value = plainValue(this.#core, seen);
      return value === undefined ? fallback : (value as T);
    });
  }

  exists(key: string): Promise<boolean> {
    return this.#read("exists", key, isSeen);
  }

  /** Milliseconds left, rounded up; -1 without expiry, -2 when absent. One set here counts from the commit on. */
  ttl(key: string): Promise<number> {
    return this.#read("ttl", key, (seen) => {
      if (!isSeen(seen) || seen === DELETED) return -2;
      if (!("kind" in seen)) return remainingTtl(seen, this.#core.services.clock.monotonic());
      return ttlOfPut(seen.expiry, this.#core.services.clock.wall());
    });
  }

  set(key: string, value: unknown, ttl?: Duration): Promise<void> {
    return this.#write("set", key, async () => {
      const expiry = expiryIn(ttl);
      const encoded = this.#encode(value);
      // In the same step where that is possible: a commit right after a set that nobody awaited carries it too.
      this.#core.put(headKey(key), encoded instanceof Promise ? await encoded : encoded, expiry);
    });
  }

  delete(key: string): Promise<boolean> {
    return this.#write("delete", key, async () => this.#remove(key, await this.#core.read(key)));
  }

  expire(key: string, ttl: Duration): Promise<boolean> {
    return this.#write("expire", key, async () => changeExpiry(this.#core, key, parseDuration(ttl)));
  }

  persist(key: string): Promise<boolean> {
    return this.#write("persist", key, () => removeExpiry(this.#core, key));
  }

  getBatch<T = unknown>(keys: Iterable<string>): Promise<Map<string, T>> {
    return this.#run("getBatch", "read", async () => {
      const wanted = checkKeys(keys);
      const seen = await this.#core.readAll(wanted);
      const found = new Map<string, T>();
      for (const [i, key] of wanted.entries()) {
        const entry = seen[i] as Seen;
        if (isPlain(entry)) found.set(key, this.#valueOf(key, entry) as T);
      }
      return found;
    });
  }

  setBatch(data: BatchData, ttl?: Duration): Promise<void> {
    return this.#run("setBatch", "write", async () => {
      const expiry = expiryIn(ttl);
      const entries = entriesOf(data);
      const encoded = await encodeEach(entries, (value) => this.#encode(value));
      for (const [i, [key]] of entries.entries()) this.#core.put(headKey(key), encoded[i] as Payload, expiry);
    });
  }

  deleteBatch(keys: Iterable<string>): Promise<number> {
    return this.#run("deleteBatch", "write", async () => {
      const wanted = [...new Set(checkKeys(keys))];
      const seen = await this.#core.readAll(wanted);
      return wanted.filter((key, i) => this.#remove(key, seen[i] as Seen)).length;
    });
  }

  find<T = unknown>(pattern: string, options?: ListOptions): Promise<Map<string, T>> {
    return this.#run("find", "read", async () => {
      const found = new Map<string, T>();
      for await (const { key, value } of this.#entries<T>(pattern, options)) found.set(key, value);
      return found;
    });
  }

  keys(pattern = "*", options?: ListOptions): Promise<string[]> {
    return this.#run("keys", "read", async () => {
      const keys: string[] = [];
      for await (const { key } of this.#merged(planListing(pattern, options), "headers"))
        keys.push(userKey(key));
      return keys;
    });
  }

  count(pattern = "*"): Promise<number> {
    return this.#run("count", "read", async () => {
      let count = 0;
      for await (const _entry of this.#merged(planListing(pattern), "headers")) count += 1;
      return count;
    });
  }

  scan<T = unknown>(pattern = "*", options?: ListOptions): AsyncGenerator<ScannedEntry<T>> {
    return asSequence(this.#details("scan", "read"), () => this.#entries<T>(pattern, options));
  }

  commit(): Promise<void> {
    return this.#run("commit", "write", async () => {
      const conflicts = await this.#core.commit();
      if (conflicts === undefined) return;
      const [first] = conflicts;
      const key = first !== undefined && "key" in first ? { key: userKey(first.key) } : {};
      throw new StorageFault(
        "conflict",
        "another commit changed what this transaction had read; run it again",
        key,
      );
    });
  }

  rollback(): Promise<void> {
    this.#core.rollback();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback();
  }

  /** The value is taken as it is at the call, whatever the caller does with it afterwards, unless a schema waits. */
  #encode(value: unknown): Payload | Promise<Payload> {
    const { encoder } = this.#core.services;
    if (this.#check === undefined) return encoder.encode(value);
    const checked = this.#check(value);
    return checked instanceof Promise
      ? checked.then((accepted) => encoder.encode(accepted))
      : encoder.encode(checked);
  }

  #valueOf(key: string, seen: Seen): unknown {
    try {
      return plainValue(this.#core, seen);
    } catch (error) {
      throw ofKey(error, key);
    }
  }

  #remove(key: string, seen: Seen): boolean {
    if (isSeen(seen)) this.#core.delete(headKey(key));
    return isSeen(seen);
  }

  async *#entries<T>(pattern: string, options?: ListOptions): AsyncGenerator<ScannedEntry<T>> {
    const listing = planListing(pattern, options);
    let left = listing.limit;
    for await (const merged of this.#matching(listing, "values")) {
      const entry = this.#scanned<T>(merged);
      if (entry === undefined) continue;
      yield entry;
      left -= 1;
      if (left === 0) return;
    }
  }

  #scanned<T>({ key, stored, buffered }: MergedEntry<"values">): ScannedEntry<T> | undefined {
    if (buffered !== undefined) {
      if (buffered.type !== ENTRY_TYPE.value) return undefined;
      return {
        key: userKey(key),
        value: this.#core.services.source.decodePayload(buffered) as T,
        version: this.id,
      };
    }
    if (stored.type !== ENTRY_TYPE.value) return undefined;
    const value = this.#core.services.source.decodeValue(this.#core.namespace, stored) as T;
    const { version, expiresAt } = stored;
    return { key: userKey(key), value, version, ...(expiresAt === undefined ? {} : { expiresAt }) };
  }

  async *#merged(listing: Listing, want: "headers"): AsyncGenerator<MergedEntry<"headers">> {
    let left = listing.limit;
    for await (const entry of this.#matching(listing, want)) {
      yield entry;
      left -= 1;
      if (left === 0) return;
    }
  }

  async *#matching<W extends "values" | "headers">(
    listing: Listing,
    want: W,
  ): AsyncGenerator<MergedEntry<W>> {
    if (listing.isEmpty) return this.#core.checkActive();
    for await (const entry of this.#core.scan(listing.range, listing.reverse, want)) {
      this.#core.checkActive();
      if (listing.matches(entry.key)) yield entry;
    }
  }

  #read<R>(operation: string, key: string, answer: (seen: Seen) => R): Promise<R> {
    return this.#run(
      operation,
      "read",
      async () => {
        checkKey(key);
        return answer(await this.#core.read(key));
      },
      key,
    );
  }

  #write<R>(operation: string, key: string, body: () => Promise<R>): Promise<R> {
    return this.#run(
      operation,
      "write",
      async () => {
        this.#core.checkActive();
        checkKey(key);
        return body();
      },
      key,
    );
  }

  #run<R>(operation: string, access: "read" | "write", body: () => Promise<R>, key?: string): Promise<R> {
    return asOperation(this.#details(operation, access, key), body);
  }

  #details(operation: string, access: "read" | "write", key?: string) {
    const backend = this.#core.services.backend.info.name;
    return { operation: `transaction.${operation}`, access, backend, namespace: this.#core.namespace, key };
  }
}

function isPlain(seen: Seen): boolean {
  return isSeen(seen) && seen !== DELETED && seen.type === ENTRY_TYPE.value;
}

function ttlOfPut(expiry: Expiry, nowMs: number): number {
  if (expiry === undefined) return -1;
  return Math.ceil("in" in expiry ? expiry.in : Math.max(1, expiry.at - nowMs));
}
