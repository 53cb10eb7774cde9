import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
import type { Context } from "../core/context.js";
import { userKey } from "../core/key.js";
import { planListing, type ListOptions, type Listing } from "../core/listing.js";
import type { Stack } from "./stack.js";
import type { Entry } from "./storage.js";

/** Lists users' keys straight from the backend, outside a transaction: each page atomic, the whole not. */
export class HeadScan {
  readonly #stack: Stack;
  readonly #ctx: Context;
  readonly #namespace: string;

  constructor(stack: Stack, ctx: Context, namespace: string) {
    this.#stack = stack;
    this.#ctx = ctx;
    this.#namespace = namespace;
  }

  async find<T>(pattern: string, options?: ListOptions): Promise<Map<string, T>> {
    const found = new Map<string, T>();
    for await (const stored of this.#values(planListing(pattern, options))) {
      found.set(userKey(stored.key), this.#decode(stored) as T);
    }
    return found;
  }

  async *entries<T>(pattern: string, options?: ListOptions): AsyncGenerator<Entry<T>> {
    for await (const stored of this.#values(planListing(pattern, options))) {
      const { version, expiresAt } = stored;
      const value = this.#decode(stored) as T;
      yield { key: userKey(stored.key), value, version, ...(expiresAt === undefined ? {} : { expiresAt }) };
    }
  }

  async keys(pattern: string, options?: ListOptions): Promise<string[]> {
    const listing = planListing(pattern, options);
    const keys: string[] = [];
    if (listing.isEmpty) return keys;
    for await (const page of this.#pages(listing, "headers", listing.pattern.matchesRange)) {
      for (const { key } of page.entries) {
        if (!listing.matches(key)) continue;
        keys.push(userKey(key));
        if (keys.length === listing.limit) return keys;
      }
    }
    return keys;
  }

  async count(pattern: string): Promise<number> {
    const listing = planListing(pattern);
    if (!listing.pattern.matchesRange) return (await this.keys(pattern)).length;
    let count = 0;
    const pages = this.#stack.backend.scan(this.#ctx, this.#namespace, listing.range, { want: "count" });
    for await (const page of pages) count += page.count;
    return count;
  }

  async *#values(listing: Listing): AsyncGenerator<StoredEntry> {
    if (listing.isEmpty) return;
    let left = listing.limit;
    for await (const page of this.#pages(listing, "values", false)) {
      for (const stored of page.entries) {
        if (stored.type !== ENTRY_TYPE.value || !listing.matches(stored.key)) continue;
        yield stored;
        left -= 1;
        if (left === 0) return;
      }
    }
  }

  /** `limited`: every entry of the range is wanted, so that the backend may stop at the limit. */
  #pages<W extends "values" | "headers">(listing: Listing, want: W, limited: boolean) {
    const { range, reverse, limit } = listing;
    const bound = limited && limit !== Infinity ? { limit } : {};
    return this.#stack.backend.scan(this.#ctx, this.#namespace, range, { want, reverse, ...bound });
  }

  #decode(stored: StoredEntry): unknown {
    return this.#stack.reader.decodeValue(this.#namespace, stored);
  }
}
