import type { ListOptions } from "../../src/index.js";
import { admitsKeys, byBytes, listed, type ModelData, type ModelEntry } from "./model-data.js";
import { ModelError } from "./model-error.js";

/** A write that waits for the commit; null deletes. */
type Buffered = { readonly value: unknown; readonly ttlMs: number } | null;

interface SeenRange {
  readonly again: () => readonly string[];
  readonly first: readonly string[];
}

/** What a transaction must do, in the plainest way: remember what was seen, compare it at the commit. */
export class ModelTransaction {
  readonly #data: ModelData;
  readonly #namespace: string;
  readonly #version: number;
  readonly #buffer = new Map<string, Buffered>();
  readonly #reads = new Map<string, ModelEntry | undefined>();
  readonly #ranges: SeenRange[] = [];
  #finished = false;

  constructor(data: ModelData, namespace: string) {
    this.#data = data;
    this.#namespace = namespace;
    this.#version = data.nextVersion();
  }

  /** Whether it looked at a range: then a store may refuse its commit although all that it saw still holds. */
  get sawRanges(): boolean {
    return this.#ranges.length > 0;
  }

  async get(key: string): Promise<unknown> {
    const seen = this.#see(key, 5001);
    if (seen === undefined) throw new ModelError(5004, "absent");
    return structuredClone(seen.value);
  }

  async getOr(key: string, fallback: unknown): Promise<unknown> {
    const seen = this.#see(key, 5001);
    return seen === undefined ? fallback : structuredClone(seen.value);
  }

  async exists(key: string): Promise<boolean> {
    return this.#see(key, 5001) !== undefined;
  }

  async ttl(key: string): Promise<number> {
    const seen = this.#see(key, 5001);
    return seen === undefined ? -2 : seen.leftMs;
  }

  async getBatch(keys: readonly string[]): Promise<Map<string, unknown>> {
    this.#checkActive(5001);
    const found = new Map<string, unknown>();
    for (const key of keys) {
      const seen = this.#see(key, 5001);
      if (seen !== undefined) found.set(key, structuredClone(seen.value));
    }
    return found;
  }

  async set(key: string, value: unknown, ttlMs = 0): Promise<void> {
    this.#checkActive(5002);
    this.#buffer.set(key, { value: structuredClone(value), ttlMs });
  }

  async setBatch(data: ReadonlyMap<string, unknown>, ttlMs = 0): Promise<void> {
    if (data.size > 0) this.#checkActive(5002);
    for (const [key, value] of data) await this.set(key, value, ttlMs);
  }

  async delete(key: string): Promise<boolean> {
    const existed = this.#see(key, 5002) !== undefined;
    if (existed) this.#buffer.set(key, null);
    return existed;
  }

  async deleteBatch(keys: readonly string[]): Promise<number> {
    this.#checkActive(5002);
    let count = 0;
    for (const key of new Set(keys)) if (await this.delete(key)) count += 1;
    return count;
  }

  async expire(key: string, ttlMs: number): Promise<boolean> {
    const seen = this.#see(key, 5002);
    if (seen !== undefined) this.#buffer.set(key, { value: seen.value, ttlMs });
    return seen !== undefined;
  }

  async persist(key: string): Promise<boolean> {
    const seen = this.#see(key, 5002);
    if (seen === undefined || seen.leftMs === -1) return false;
    this.#buffer.set(key, { value: seen.value, ttlMs: 0 });
    return true;
  }

  async *scan(pattern = "*", options: ListOptions = {}): AsyncGenerator<object> {
    for (const [key, { value, version, expiresAt }] of this.#list(pattern, options)) {
      const deadline = expiresAt === Infinity ? {} : { expiresAt };
      yield { key, value: structuredClone(value), version, ...deadline };
    }
  }

  async keys(pattern = "*", options: ListOptions = {}): Promise<string[]> {
    return this.#list(pattern, options).map(([key]) => key);
  }

  async count(pattern = "*"): Promise<number> {
    return this.#list(pattern, {}).length;
  }

  async find(pattern: string, options: ListOptions = {}): Promise<Map<string, unknown>> {
    return new Map(this.#list(pattern, options).map(([key, { value }]) => [key, structuredClone(value)]));
  }

  async commit(): Promise<void> {
    this.#checkActive(5002);
    this.#finished = true;
    const unheeded = this.#data.isShared ? 0 : 1;
    const unchecked = this.#buffer.size === 0 && this.#reads.size <= unheeded && this.#ranges.length === 0;
    if (!unchecked && !this.#holds()) throw new ModelError(5002, "conflict");
    for (const [key, write] of this.#buffer) {
      if (write === null) this.#data.delete(this.#namespace, key);
      else this.#data.put(this.#namespace, key, write.value, write.ttlMs, this.#version);
    }
  }

  async rollback(): Promise<void> {
    this.#finished = true;
  }

  #holds(): boolean {
    for (const [key, seen] of this.#reads) {
      if (this.#data.get(this.#namespace, key)?.version !== seen?.version) return false;
    }
    return this.#ranges.every(({ again, first }) => String(again()) === String(first));
  }

  #checkActive(code: number): void {
    if (this.#finished) throw new ModelError(code, "finished");
  }

  /** The value seen and what is left of its time: -1 for ever. */
  #see(key: string, code: number): { readonly value: unknown; readonly leftMs: number } | undefined {
    this.#checkActive(code);
    const own = this.#buffer.get(key);
    if (own !== undefined) {
      return own === null
        ? undefined
        : { value: own.value, leftMs: own.ttlMs === 0 ? -1 : Math.ceil(own.ttlMs) };
    }
    if (!this.#reads.has(key)) this.#reads.set(key, this.#data.get(this.#namespace, key));
    const entry = this.#reads.get(key);
    if (entry === undefined || entry.expiresAt <= this.#data.now) return undefined;
    const left = entry.expiresAt - this.#data.now;
    return { value: entry.value, leftMs: left === Infinity ? -1 : Math.ceil(left) };
  }

  /** A write of its own has no deadline yet: its time begins at the commit. */
  #list(pattern: string, options: ListOptions): (readonly [string, ModelEntry])[] {
    this.#checkActive(5001);
    if (!admitsKeys(pattern, options)) return [];
    const stored = this.#data.live(this.#namespace);
    const merged = new Map<string, ModelEntry>(stored);
    for (const [key, write] of this.#buffer) {
      if (write === null) merged.delete(key);
      else merged.set(key, { value: write.value, version: this.#version, expiresAt: Infinity });
    }
    const shown = listed(
      [...merged].sort(([a], [b]) => byBytes(a, b)),
      pattern,
      options,
    );
    const stop = shown.length === options.limit ? shown.at(-1)?.[0] : undefined;
    this.#remember(() => this.#passed(pattern, options, stop));
    return shown;
  }

  #remember(again: () => readonly string[]): void {
    this.#ranges.push({ again, first: again() });
  }

  /** What is stored of a listing up to where it stopped. */
  #passed(pattern: string, options: ListOptions, stop: string | undefined): string[] {
    const { limit: _limit, ...unlimited } = options;
    const all = listed(this.#data.live(this.#namespace), pattern, unlimited);
    const isPassed = (key: string) => {
      if (stop === undefined) return true;
      return options.reverse === true ? byBytes(key, stop) >= 0 : byBytes(key, stop) <= 0;
    };
    return all.filter(([key]) => isPassed(key)).map(([key, { version }]) => `${version} ${key}`);
  }
}
