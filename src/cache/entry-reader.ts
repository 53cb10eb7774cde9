import type { Backend, Position } from "../backends/backend.js";
import { consistencyOf, type Consistency } from "../core/consistency.js";
import { background, type Context } from "../core/context.js";
import type { Payload, StoredEntry } from "../core/entry.js";
import { headKey } from "../core/key.js";
import type { Clock } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import { cacheKey } from "./cache-key.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { ChangeFollower } from "./change-follower.js";
import type { CacheAnswers, EntryCache } from "./entry-cache.js";
import type { FillTicket } from "./fill-guard.js";
import type { EntryDecoder } from "./entry-decoder.js";

/** Reads heads by key: through the cache where there is one, sharing concurrent misses of one key. */
export class EntryReader {
  readonly #backend: Backend;
  readonly #cache: EntryCache | undefined;
  readonly #follower: ChangeFollower | undefined;
  /** Stands for the cache while it must not answer. */
  readonly #bypass: CacheAnswers;
  readonly #decoder: EntryDecoder;
  readonly #clock: Clock;
  readonly #consistency: Consistency;
  readonly #loads = new Map<string, Load>();

  /** @param follower keeps the cache coherent with other processes; absent where nobody else changes the data. */
  constructor(
    backend: Backend,
    cache: EntryCache | undefined,
    decoder: EntryDecoder,
    clock: Clock,
    consistency: Consistency,
    follower?: ChangeFollower,
  ) {
    this.#backend = backend;
    this.#cache = cache;
    this.#follower = follower;
    this.#bypass = { lookup: () => cache?.miss(), peek: () => undefined };
    this.#decoder = decoder;
    this.#clock = clock;
    this.#consistency = consistency;
  }

  /** What answers reads of a namespace without the backend; undefined where the cache is off for them. */
  answersFor(ctx: Context, namespace: string): CacheAnswers | undefined {
    const cache = this.#cacheFor(ctx);
    if (cache === undefined || this.#follower === undefined) return cache;
    return this.#follower.vouches(namespace) ? cache : this.#bypass;
  }

  /** One entry from the cache or the backend; not counted in the cache's statistics. */
  async read(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const cached = this.answersFor(ctx, namespace)?.peek(cacheKey(namespace, key));
    return cached ?? this.load(ctx, namespace, key);
  }

  /** Several entries in the order asked; those not cached are one atomic read. Not counted. */
  async readAll(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]> {
    const answers = this.answersFor(ctx, namespace);
    const found = keys.map((key) => answers?.peek(cacheKey(namespace, key)));
    const missing = keys.filter((_key, i) => found[i] === undefined);
    const loaded = missing.length === 0 ? [] : await this.loadAll(ctx, namespace, missing);
    let next = 0;
    return found.map((entry) => entry ?? (loaded[next++] as DecodedEntry));
  }

  /** One entry from the backend, shared with whoever else asks for it meanwhile, and kept in the cache. */
  load(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const cache = this.#cacheFor(ctx);
    if (cache === undefined) return this.#loadFresh(ctx, namespace, key);
    const id = cacheKey(namespace, key);
    const pending = this.#loads.get(id);
    if (pending !== undefined && this.#isJoinable(cache, id, pending)) {
      cache.countCoalesced();
      return settleWithin(ctx, pending.entry);
    }
    const ticket = cache.expectAnswer();
    const sentAt = this.#clock.monotonic();
    const load: Load = { ticket, sentAt, entry: this.#loadInto(cache, ticket, namespace, key, id) };
    this.#loads.set(id, load);
    return settleWithin(ctx, load.entry);
  }

  /** Several entries by one atomic read of the backend, kept in the cache. */
  async loadAll(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]> {
    const cache = this.#cacheFor(ctx);
    if (cache === undefined) return (await this.#fetch(ctx, namespace, keys)).entries;
    const ticket = cache.expectAnswer();
    try {
      cache.countLoad();
      const fetched = await this.#fetch(ctx, namespace, keys);
      this.#keep(cache, ticket, namespace, keys, fetched);
      return fetched.entries;
    } finally {
      cache.endAnswer();
    }
  }

  /** The decoded value of an entry that a scan brought, the caller's own. */
  decodeValue(namespace: string, stored: StoredEntry): unknown {
    return this.#decoder.decodeStored(stored, namespace);
  }

  /** The decoded value of what this process wrote itself, the caller's own. */
  decodePayload(payload: Payload): unknown {
    return this.#decoder.decode(payload);
  }

  #cacheFor(ctx: Context): EntryCache | undefined {
    if (this.#cache === undefined) return undefined;
    return (consistencyOf(ctx) ?? this.#consistency) === "strong" ? undefined : this.#cache;
  }

  /**
   * A load that a change has overtaken may answer with the value before it, and one sent long ago with a value that
   * others changed since: newcomers start their own. So they do while a commit of the key is under way: the load may
   * have been answered before that, and somebody may have seen the new value in the backend already.
   */
  #isJoinable(cache: EntryCache, id: string, { ticket, sentAt }: Load): boolean {
    if (cache.isUnderWay(id)) return false;
    return cache.mayFill(id, ticket) && (this.#follower === undefined || this.#follower.isRecent(sentAt));
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
      const fetched = await this.#fetch(background(), namespace, [key]);
      this.#keep(cache, ticket, namespace, [key], fetched);
      return fetched.entries[0] as DecodedEntry;
    } finally {
      // In one step: a load whose key is no longer watched must not be joined.
      if (this.#loads.get(id)?.ticket === ticket) this.#loads.delete(id);
      cache.endAnswer();
    }
  }

  async #loadFresh(ctx: Context, namespace: string, key: string): Promise<DecodedEntry> {
    const { entries } = await this.#fetch(ctx, namespace, [key]);
    return entries[0] as DecodedEntry;
  }

  #keep(
    cache: EntryCache,
    ticket: FillTicket,
    namespace: string,
    keys: readonly string[],
    { entries, position, sentAt, furthest }: Fetched,
  ): void {
    const { ordinal } = position;
    const isAdmitted = this.#follower?.admitRead(namespace, position, sentAt, furthest) !== false;
    for (const [i, entry] of entries.entries()) {
      const id = cacheKey(namespace, keys[i] as string);
      const isKept = isAdmitted && cache.mayFill(id, ticket, ordinal);
      if (isKept) cache.fill(id, entry, ordinal);
      if (this.#follower === undefined) continue;
      // Calls overtake each other on their way: who knows this answer is not to be given an older one.
      if (isKept) cache.changedByAnswer(id, ordinal);
      else cache.overtake(id, ordinal);
    }
  }

  async #fetch(ctx: Context, namespace: string, keys: readonly string[]): Promise<Fetched> {
    const sentAt = this.#clock.monotonic();
    const furthest = this.#follower?.furthest(namespace) ?? 0;
    const { entries: stored, now, position } = await this.#backend.read(ctx, namespace, keys.map(headKey));
    const entries = stored.map((entry) => this.#decoder.entry(entry, now, sentAt));
    return { entries, position, sentAt, furthest };
  }
}

interface Load {
  readonly ticket: FillTicket;
  /** Local monotonic time when it was sent. */
  readonly sentAt: number;
  readonly entry: Promise<DecodedEntry>;
}

interface Fetched {
  readonly entries: DecodedEntry[];
  readonly position: Position;
  readonly sentAt: number;
  /** How far the log was known to reach when it was sent. */
  readonly furthest: number;
}
