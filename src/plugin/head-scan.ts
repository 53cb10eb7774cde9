import type { Wanted } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
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
    for await (const page of this.#values(planListing(pattern, options))) {
      for (const stored of page) found.set(userKey(stored.key), this.#decode(stored) as T);
    }
    return found;
  }

  async *entries<T>(pattern: string, options?: ListOptions): AsyncGenerator<Entry<T>> {
    for await (const page of this.#values(planListing(pattern, options))) {
      for (const stored of page) yield this.#entry<T>(stored);
    }
  }

  async keys(pattern: string, options?: ListOptions): Promise<string[]> {
    const pages: string[][] = [];
    for await (const page of this.#keys(planListing(pattern, options))) {
      pages.push(page.map(({ key }) => userKey(key)));
    }
    return joined(pages);
  }

  async count(pattern: string): Promise<number> {
    const listing = planListing(pattern);
    let count = 0;
    if (listing.pattern.matchesRange) {
      const pages = this.#stack.backend.scan(this.#ctx, this.#namespace, listing.range, { want: "count" });
      for await (const page of pages) count += page.count;
    } else {
      for await (const page of this.#keys(listing)) count += page.length;
    }
    return count;
  }

  /** What matches, whatever its type. */
  #keys(listing: Listing) {
    if (!listing.pattern.matchesRange)
      return this.#matching(listing, "keys", ({ key }) => listing.matches(key));
    return this.#matching(listing, "keys");
  }

  /** The plain values that match. */
  #values(listing: Listing) {
    const isWanted = ({ type, key }: StoredEntry) => type === ENTRY_TYPE.value && listing.matches(key);
    return this.#matching(listing, "values", isWanted);
  }

  /**
   * The entries of a listing page by page, up to its limit; pages may be empty.
   *
   * @param isWanted when absent every entry of the range is, so that the backend may stop at the limit
   */
  async *#matching<W extends "values" | "keys">(
    { range, reverse, limit, isEmpty }: Listing,
    want: W,
    isWanted?: (entry: Wanted<W>) => boolean,
  ): AsyncGenerator<readonly Wanted<W>[]> {
    if (isEmpty) return;
    const bound = isWanted === undefined && limit !== Infinity ? { limit } : {};
    const pages = this.#stack.backend.scan(this.#ctx, this.#namespace, range, { want, reverse, ...bound });
    let left = limit;
    for await (const { entries } of pages) {
      const wanted = isWanted === undefined ? entries : entries.filter(isWanted);
      yield wanted.length > left ? wanted.slice(0, left) : wanted;
      left -= wanted.length;
      if (left <= 0) return;
    }
  }

  #entry<T>(stored: StoredEntry): Entry<T> {
    const { version, expiresAt } = stored;
    const value = this.#decode(stored) as T;
    return { key: userKey(stored.key), value, version, ...(expiresAt === undefined ? {} : { expiresAt }) };
  }

  #decode(stored: StoredEntry): unknown {
    return this.#stack.reader.decodeValue(this.#namespace, stored);
  }
}

/** All pages as one list, made at its full length: one that grows is copied again and again. */
function joined(pages: readonly (readonly string[])[]): string[] {
  const length = pages.reduce((sum, page) => sum + page.length, 0);
  const keys = new Array<string>(length);
  let at = 0;
  for (const page of pages) for (const key of page) keys[at++] = key;
  return keys;
}
