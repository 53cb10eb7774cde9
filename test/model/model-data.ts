import type { ListOptions } from "../../src/index.js";
import { globMatches, literalStart } from "./glob-oracle.js";

export interface ModelEntry {
  readonly value: unknown;
  readonly version: number;
  /** Milliseconds since the epoch; Infinity when it does not expire. */
  readonly expiresAt: number;
}

const ENCODED = new Map<string, Buffer>();

function bytesOf(key: string): Buffer {
  const bytes = ENCODED.get(key) ?? Buffer.from(key);
  ENCODED.set(key, bytes);
  return bytes;
}

/** The order of UTF-8 bytes, by the bytes themselves. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

/** The model's data: plain maps, sorted when asked, on a clock that the test moves. */
export class ModelData {
  readonly #namespaces = new Map<string, Map<string, ModelEntry>>();
  readonly #now: () => number;
  #lastVersion = 0;
  /** Others may write too: then a transaction that only looked at one key is checked like any other. */
  readonly isShared: boolean;

  constructor(now: () => number, isShared: boolean) {
    this.#now = now;
    this.isShared = isShared;
  }

  get now(): number {
    return this.#now();
  }

  nextVersion(): number {
    this.#lastVersion += 1;
    return this.#lastVersion;
  }

  get(namespace: string, key: string): ModelEntry | undefined {
    const entry = this.#namespaces.get(namespace)?.get(key);
    return entry !== undefined && entry.expiresAt > this.now ? entry : undefined;
  }

  put(namespace: string, key: string, value: unknown, ttlMs: number, version: number): void {
    const entries = this.#namespaces.get(namespace) ?? new Map<string, ModelEntry>();
    entries.set(key, { value, version, expiresAt: ttlMs === 0 ? Infinity : this.now + ttlMs });
    this.#namespaces.set(namespace, entries);
  }

  delete(namespace: string, key: string): boolean {
    const existed = this.get(namespace, key) !== undefined;
    this.#namespaces.get(namespace)?.delete(key);
    return existed;
  }

  clear(namespace: string): number {
    const count = this.live(namespace).length;
    this.#namespaces.delete(namespace);
    return count;
  }

  /** The live entries of a namespace in key order. */
  live(namespace: string): [string, ModelEntry][] {
    const entries = [...(this.#namespaces.get(namespace) ?? [])];
    return entries.filter(([, entry]) => entry.expiresAt > this.now).sort(([a], [b]) => byBytes(a, b));
  }

  liveNamespaces(): string[] {
    return [...this.#namespaces.keys()].filter((name) => this.live(name).length > 0).sort(byBytes);
  }
}

/** What a listing shows of sorted entries, by walking over all of them. */
export function listed<E>(
  entries: readonly (readonly [string, E])[],
  pattern: string,
  options: ListOptions = {},
): (readonly [string, E])[] {
  const { limit = Infinity, after, reverse = false } = options;
  const beyond = ([key]: readonly [string, E]) => {
    if (after === undefined) return true;
    return reverse ? byBytes(key, after) < 0 : byBytes(key, after) > 0;
  };
  const ordered = reverse ? entries.toReversed() : entries;
  const matching = ordered.filter((entry) => beyond(entry) && globMatches(pattern, entry[0]));
  return matching.slice(0, limit);
}

/** Whether a listing could show any key at all; one that could not looks at nothing. */
export function admitsKeys(pattern: string, { limit, after, reverse = false }: ListOptions): boolean {
  if (limit === 0) return false;
  if (after === undefined) return true;
  const { text, isWhole } = literalStart(pattern);
  if (reverse) return byBytes(text, after) < 0;
  return byBytes(text, after) > 0 || (!isWhole && after.startsWith(text));
}
