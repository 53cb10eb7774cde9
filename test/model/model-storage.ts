import type { ListOptions } from "../../src/index.js";
import { listed, type ModelData, type ModelEntry } from "./model-data.js";
import { ModelError } from "./model-error.js";
import { ModelTransaction } from "./model-transaction.js";

interface ListedEntry {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt?: number;
}

/** What a namespace must do, in the plainest way. */
export class ModelStorage {
  readonly #data: ModelData;
  readonly #namespace: string;

  constructor(data: ModelData, namespace: string) {
    this.#data = data;
    this.#namespace = namespace;
  }

  async get(_ctx: unknown, key: string): Promise<unknown> {
    const entry = this.#data.get(this.#namespace, key);
    if (entry === undefined) throw new ModelError(5004, "absent");
    return structuredClone(entry.value);
  }

  async getOr(_ctx: unknown, key: string, fallback: unknown): Promise<unknown> {
    const entry = this.#data.get(this.#namespace, key);
    return entry === undefined ? fallback : structuredClone(entry.value);
  }

  async getEntry(_ctx: unknown, key: string): Promise<ListedEntry | undefined> {
    const entry = this.#data.get(this.#namespace, key);
    return entry === undefined ? undefined : shown([key, entry]);
  }

  async exists(_ctx: unknown, key: string): Promise<boolean> {
    return this.#data.get(this.#namespace, key) !== undefined;
  }

  async type(_ctx: unknown, key: string): Promise<"value" | undefined> {
    return this.#data.get(this.#namespace, key) === undefined ? undefined : "value";
  }

  async ttl(_ctx: unknown, key: string): Promise<number> {
    const entry = this.#data.get(this.#namespace, key);
    if (entry === undefined) return -2;
    return entry.expiresAt === Infinity ? -1 : Math.ceil(entry.expiresAt - this.#data.now);
  }

  async set(_ctx: unknown, key: string, value: unknown, ttlMs = 0): Promise<void> {
    this.#data.put(this.#namespace, key, structuredClone(value), ttlMs, this.#data.nextVersion());
  }

  async delete(_ctx: unknown, key: string): Promise<boolean> {
    return this.#data.delete(this.#namespace, key);
  }

  async getBatch(_ctx: unknown, keys: readonly string[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    for (const key of keys) {
      const entry = this.#data.get(this.#namespace, key);
      if (entry !== undefined) found.set(key, structuredClone(entry.value));
    }
    return found;
  }

  async setBatch(_ctx: unknown, data: ReadonlyMap<string, unknown>, ttlMs = 0): Promise<void> {
    const version = this.#data.nextVersion();
    for (const [key, value] of data) {
      this.#data.put(this.#namespace, key, structuredClone(value), ttlMs, version);
    }
  }

  async deleteBatch(_ctx: unknown, keys: readonly string[]): Promise<number> {
    return keys.filter((key) => this.#data.delete(this.#namespace, key)).length;
  }

  async expire(ctx: unknown, key: string, ttlMs: number): Promise<boolean> {
    const entry = this.#data.get(this.#namespace, key);
    if (entry !== undefined) await this.set(ctx, key, entry.value, ttlMs);
    return entry !== undefined;
  }

  async persist(ctx: unknown, key: string): Promise<boolean> {
    const entry = this.#data.get(this.#namespace, key);
    if (entry === undefined || entry.expiresAt === Infinity) return false;
    return await this.expire(ctx, key, 0);
  }

  async find(_ctx: unknown, pattern: string, options: ListOptions = {}): Promise<Map<string, unknown>> {
    return new Map(this.#list(pattern, options).map(([key, { value }]) => [key, structuredClone(value)]));
  }

  async keys(_ctx: unknown, pattern = "*", options: ListOptions = {}): Promise<string[]> {
    return this.#list(pattern, options).map(([key]) => key);
  }

  async count(_ctx: unknown, pattern = "*"): Promise<number> {
    return this.#list(pattern, {}).length;
  }

  async *scan(_ctx: unknown, pattern = "*", options: ListOptions = {}): AsyncGenerator<ListedEntry> {
    for (const entry of this.#list(pattern, options)) yield shown(entry);
  }

  entries(ctx: unknown): AsyncGenerator<ListedEntry> {
    return this.scan(ctx);
  }

  async size(): Promise<number> {
    return this.#data.live(this.#namespace).length;
  }

  async clear(): Promise<number> {
    return this.#data.clear(this.#namespace);
  }

  async beginTransaction(): Promise<ModelTransaction> {
    return new ModelTransaction(this.#data, this.#namespace);
  }

  async transact<R>(_ctx: unknown, work: (tx: ModelTransaction) => Promise<R>): Promise<R> {
    const tx = new ModelTransaction(this.#data, this.#namespace);
    const result = await work(tx);
    await tx.commit();
    return result;
  }

  #list(pattern: string, options: ListOptions): (readonly [string, ModelEntry])[] {
    return listed(this.#data.live(this.#namespace), pattern, options);
  }
}

function shown([key, { value, version, expiresAt }]: readonly [string, ModelEntry]): ListedEntry {
  const copy = structuredClone(value);
  return { key, value: copy, version, ...(expiresAt === Infinity ? {} : { expiresAt }) };
}
