import type { Backend } from "../backends/backend.js";
import { consistencyOf, type Consistency } from "../core/consistency.js";
import { background, type Context } from "../core/context.js";
import type { Payload, StoredEntry } from "../core/entry.js";
import { headKey } from "../core/key.js";
import type { Clock } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import { cacheKey } from "./cache-key.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { EntryCache, FillTicket } from "./entry-cache.js";
import type { EntryDecoder } from "./entry-decoder.js";

/** Reads heads by key: through the cache where there is one, sharing concurrent misses of one key. */
export class EntryReader {
  readonly #backend: Backend;
  readonly #cache: EntryCache | undefined;
  readonly #decoder: EntryDecoder;
  readonly #clock: Clock;
  readonly #consistency: Consistency;
  readonly #loads = new Map<string, Load>();

  constructor(
    backend: Backend,
    cache: EntryCache | undefined,
    decoder: EntryDecoder,
    clock: Clock,
    consistency: Consistency,
  ) {
    this.#backend = backend;
    this.#cache = cache;
    this.#decoder = decoder;
    this.#clock = clock;
    this.#consistency = consistency;
  }

  /** The cache, if there is one and reads in this context may be answered from it. */
  cacheFor(ctx: Context): EntryCache | undefined {
    if (this.#cache === undefined) return undefined;
    return (consistencyOf(ctx) ?? this.#consistency) === "strong" ? undefined : this.#cache;
  }

  /** One entry from the cache or the backend; not counted in the cache's statistics. */
  async read(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const cached = this.cacheFor(ctx)?.peek(cacheKey(namespace, key));
    return cached ?? this.load(ctx, namespace, key);
  }

  /** Several entries in the order asked; those not cached are one atomic read. Not counted. */
  async readAll(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]> {
    const cache = this.cacheFor(ctx);
    const found = keys.map((key) => cache?.peek(cacheKey(namespace, key)));
    const missing = keys.filter((_key, i) => found[i] === undefined);
    const loaded = missing.length === 0 ? [] : await this.loadAll(ctx, namespace, missing);
    let next = 0;
    return found.map((entry) => entry ?? (loaded[next++] as DecodedEntry));
  }

  /** One entry from the backend, shared with whoever else asks for it meanwhile, and kept in the cache. */
  load(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const cache = this.cacheFor(ctx);
    if (cache === undefined) return this.loadFresh(ctx, namespace, key);
    const id = cacheKey(namespace, key);
    const pending = this.#loads.get(id);
    // A load that a change has overtaken may answer with the value before it: newcomers start their own.
    if (pending !== undefined && cache.mayFill(id, pending.ticket)) {
      cache.countCoalesced();
      return settleWithin(ctx, pending.entry);
    }
    const ticket = cache.expectAnswer();
    const load: Load = { ticket, entry: this.#loadInto(cache, ticket, namespace, key, id) };
    this.#loads.set(id, load);
    return settleWithin(ctx, load.entry);
  }

  /** Several entries by one atomic read of the backend, kept in the cache. */
  async loadAll(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]> {
    const cache = this.cacheFor(ctx);
    if (cache === undefined) return this.#fetch(ctx, namespace, keys);
    const ticket = cache.expectAnswer();
    try {
      cache.countLoad();
      const entries = await this.#fetch(ctx, namespace, keys);
      for (const [i, entry] of entries.entries()) {
        const id = cacheKey(namespace, keys[i] as string);
        if (cache.mayFill(id, ticket)) cache.fill(id, entry);
      }
      return entries;
    } finally {
      cache.endAnswer();
    }
  }

  /** One entry straight from the backend, past the cache. */
  async loadFresh(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const [entry] = await this.#fetch(ctx, namespace, [key]);
    return entry as DecodedEntry;
  }

  /** The decoded value of an entry that a scan brought, the caller's own. */
  decodeValue(namespace: string, stored: StoredEntry): unknown {
    return this.#decoder.decodeStored(stored, namespace);
  }

  /** The decoded value of what this process wrote itself, the caller's own. */
  decodePayload(payload: Payload): unknown {
    return this.#decoder.decode(payload);
  }

  // The load runs on a context of its own: the caller who happened to be first may give up without failing the rest.
  async #loadInto(
    cache: EntryCache,
    ticket: FillTicket,
    namespace: string,
    key: string,
    id: string,
  ): Promise<DecodedEntry> {
    try {
      cache.countLoad();
      const entry = await this.loadFresh(background(), namespace, key);
      if (cache.mayFill(id, ticket)) cache.fill(id, entry);
      return entry;
    } finally {
      // In one step: a load whose key is no longer watched must not be joined.
      if (this.#loads.get(id)?.ticket === ticket) this.#loads.delete(id);
      cache.endAnswer();
    }
  }

  async #fetch(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]> {
    const sentAt = this.#clock.monotonic();
    const { entries, now } = await this.#backend.read(ctx, namespace, keys.map(headKey));
    return entries.map((stored) => this.#decoder.entry(stored, now, sentAt));
  }
}

interface Load {
  readonly ticket: FillTicket;
  readonly entry: Promise<DecodedEntry>;
}
