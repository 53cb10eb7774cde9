import type { Backend } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { itemRange } from "../core/incarnation.js";
import { compareKeys, headKey, type StoredKey } from "../core/key.js";
import type { ReadSet } from "./read-set.js";
import { pagesOf } from "./structure-view.js";
import { DELETED, type Buffered, type WriteBuffer } from "./write-buffer.js";

const NOTHING: readonly StoredKey[] = [];

/**
 * The items of structures as one transaction sees them: its own writes over what stood under the head that it has
 * read. They join no read set: every write to a structure writes its head, whose version the commit checks.
 */
export class TransactionItems {
  readonly #backend: Backend;
  readonly #ctx: Context;
  readonly #namespace: string;
  readonly #buffer: WriteBuffer;
  readonly #reads: ReadSet;
  /** Fetched ahead of those who will ask for them. */
  readonly #fetched = new Map<StoredKey, Payload | undefined>();

  constructor(
    backend: Backend,
    ctx: Context,
    namespace: string,
    own: { readonly buffer: WriteBuffer; readonly reads: ReadSet },
  ) {
    this.#backend = backend;
    this.#ctx = ctx;
    this.#namespace = namespace;
    this.#buffer = own.buffer;
    this.#reads = own.reads;
  }

  /**
   * Items of a structure whose head under `key` was read or written, in the order asked.
   *
   * @throws StorageFault `conflict` when the structure has changed since its head was read.
   */
  async read(
    key: string,
    incarnation: string | undefined,
    items: readonly StoredKey[],
  ): Promise<(Payload | undefined)[]> {
    const missing = this.#missing(key, incarnation, items);
    return this.#seen(items, missing.length === 0 ? undefined : await this.#fetch(key, missing));
  }

  /** As `read`, without a wait; undefined when the backend would have to be asked. */
  known(
    key: string,
    incarnation: string | undefined,
    items: readonly StoredKey[],
  ): (Payload | undefined)[] | undefined {
    return this.#missing(key, incarnation, items).length > 0 ? undefined : this.#seen(items);
  }

  /** Fetches items by one read that will be asked for one by one. */
  async prefetch(key: string, incarnation: string | undefined, items: readonly StoredKey[]): Promise<void> {
    const missing = this.#missing(key, incarnation, [...new Set(items)]);
    if (missing.length === 0) return;
    const fetched = await this.#fetch(key, missing);
    for (const item of missing) this.#fetched.set(item, fetched.get(item));
  }

  /** As `read`, every item of the structure in key order. */
  async readAll(key: string, incarnation: string): Promise<(readonly [StoredKey, Payload])[]> {
    const range = itemRange(incarnation);
    const seen = new Map<StoredKey, Payload>();
    if (this.#isStored(key, incarnation)) {
      for await (const { entries } of this.#backend.scan(this.#ctx, this.#namespace, range)) {
        for (const entry of entries)
          if (this.#buffer.get(entry.key) === undefined) seen.set(entry.key, entry);
      }
      await this.#fetch(key, []);
    }
    for (const item of this.#buffer.keysIn(range, false)) {
      const own = payloadOf(this.#buffer.get(item) as Buffered);
      if (own !== undefined) seen.set(item, own);
    }
    return [...seen].sort(([a], [b]) => compareKeys(a, b));
  }

  #seen(items: readonly StoredKey[], read?: ReadonlyMap<StoredKey, Payload>): (Payload | undefined)[] {
    return items.map((item) => {
      const own = this.#buffer.get(item);
      return own === undefined ? (this.#fetched.get(item) ?? read?.get(item)) : payloadOf(own);
    });
  }

  /** What only the backend knows. */
  #missing(key: string, incarnation: string | undefined, items: readonly StoredKey[]): readonly StoredKey[] {
    if (items.length === 0 || !this.#isStored(key, incarnation)) return NOTHING;
    return items.filter((item) => !this.#knows(item));
  }

  /** Whether the backend may hold items under the incarnation: one that this transaction began has none there. */
  #isStored(key: string, incarnation: string | undefined): boolean {
    return incarnation !== undefined && this.#reads.get(headKey(key))?.incarnation === incarnation;
  }

  #knows(item: StoredKey): boolean {
    return this.#buffer.get(item) !== undefined || this.#fetched.has(item);
  }

  /** Each page is one state; all are the state that the head was read in, or it is a conflict. */
  async #fetch(key: string, items: readonly StoredKey[]): Promise<Map<StoredKey, Payload>> {
    const found = new Map<StoredKey, Payload>();
    const head = headKey(key);
    for (const page of pagesOf(items)) {
      const { entries } = await this.#backend.read(this.#ctx, this.#namespace, [head, ...page]);
      if ((entries[0]?.version ?? null) !== this.#reads.get(head)?.version) throw overtaken(key);
      for (const entry of entries.slice(1)) if (entry !== undefined) found.set(entry.key, entry);
    }
    return found;
  }
}

function payloadOf(own: Buffered): Payload | undefined {
  return own === DELETED ? undefined : own;
}

function overtaken(key: string): StorageFault {
  const message = "another commit changed the key after this transaction had read it; run it again";
  return new StorageFault("conflict", message, { key });
}
