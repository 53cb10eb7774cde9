import type { ReadResult } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { Payload, StoredEntry } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { itemRange } from "../core/incarnation.js";
import { headKey, type StoredKey } from "../core/key.js";
import { committedHead, type Head } from "./head.js";
import {
  pagesOf,
  type StructureView,
  type ViewedItems,
  type ViewedStructure,
  type Wanted,
} from "./structure-view.js";
import type { TransactionServices } from "./transaction-core.js";

/** Looks at a structure that others keep changing before the reader is told so. */
const MOST_LOOKS = 32;

/**
 * Structures as they are committed, for readers without a transaction. A guess at the head, from the cache where there
 * is one, tells which items to ask for; the head that comes back with them decides whether they are the right ones.
 */
export class CommittedView implements StructureView {
  readonly #services: TransactionServices;
  readonly #ctx: Context;
  readonly #namespace: string;

  constructor(services: TransactionServices, ctx: Context, namespace: string) {
    this.#services = services;
    this.#ctx = ctx;
    this.#namespace = namespace;
  }

  async head(key: string): Promise<Head | undefined> {
    return committedHead(await this.#services.source.read(this.#ctx, this.#namespace, key));
  }

  async read(key: string, wanted: Wanted): Promise<ViewedItems> {
    let head = await this.head(key);
    let asked = wanted(head);
    for (let look = 1; asked.length > 0; look++) {
      const { items, ...found } = await this.#look(key, asked);
      head = this.#stored(found.head);
      const needed = wanted(head);
      if (found.isOneState && needed.every((item) => items.has(item))) {
        return { head, items: needed.map((item) => items.get(item)) };
      }
      asked = needed;
      if (look === MOST_LOOKS) throw neverStill(key);
    }
    return { head, items: [] };
  }

  async readAll(key: string, check: (head: Head) => void): Promise<ViewedStructure> {
    let head = await this.head(key);
    for (let look = 1; ; look++) {
      if (head !== undefined) check(head);
      if (head?.incarnation === undefined) return { head, items: [] };
      const before = await this.#readHead(key);
      const items = await this.#scanItems(before?.incarnation ?? head.incarnation);
      const after = await this.#readHead(key);
      head = this.#stored(after);
      if (before !== undefined && before.version === after?.version) return { head, items };
      if (look === MOST_LOOKS) throw neverStill(key);
    }
  }

  decode(item: Payload): unknown {
    return this.#services.source.decodePayload(item);
  }

  /** The items as they are read, page by page, and the head as it was with the last of them. */
  async #look(key: string, asked: readonly StoredKey[]): Promise<Look> {
    const items = new Map<StoredKey, StoredEntry | undefined>();
    const pages = pagesOf(asked);
    let head: StoredEntry | undefined;
    let isOneState = true;
    for (const [place, page] of pages.entries()) {
      const { entries } = await this.#readBackend([headKey(key), ...page]);
      if (place > 0 && head?.version !== entries[0]?.version) isOneState = false;
      head = entries[0];
      for (const [i, item] of page.entries()) items.set(item, entries[i + 1]);
    }
    return { head, items, isOneState: isOneState || (await this.#haveStayed(pages.slice(0, -1), items)) };
  }

  /**
   * Whether the items of the pages before the last are those that stood there when that one was read, although the head
   * has changed: others may push meanwhile. One that is absent may have been there in between.
   */
  async #haveStayed(pages: readonly (readonly StoredKey[])[], items: Look["items"]): Promise<boolean> {
    const { backend } = this.#services;
    for (const page of pages) {
      if (page.some((item) => items.get(item) === undefined)) return false;
      const { entries } = await backend.read(this.#ctx, this.#namespace, page, { want: "headers" });
      if (page.some((item, i) => entries[i]?.version !== items.get(item)?.version)) return false;
    }
    return true;
  }

  async #scanItems(incarnation: string): Promise<(readonly [StoredKey, Payload])[]> {
    const items: (readonly [StoredKey, Payload])[] = [];
    const { backend } = this.#services;
    for await (const page of backend.scan(this.#ctx, this.#namespace, itemRange(incarnation))) {
      for (const entry of page.entries) items.push([entry.key, entry]);
    }
    return items;
  }

  async #readHead(key: string): Promise<StoredEntry | undefined> {
    return (await this.#readBackend([headKey(key)])).entries[0];
  }

  #readBackend(keys: readonly StoredKey[]): Promise<ReadResult> {
    return this.#services.backend.read(this.#ctx, this.#namespace, keys);
  }

  #stored(entry: StoredEntry | undefined): Head | undefined {
    if (entry === undefined) return undefined;
    const { type, incarnation, expiresAt } = entry;
    return {
      type,
      ...(incarnation === undefined ? {} : { incarnation }),
      expiry: expiresAt === undefined ? undefined : { at: expiresAt },
      content: () => this.decode(entry),
    };
  }
}

interface Look {
  readonly head: StoredEntry | undefined;
  readonly items: ReadonlyMap<StoredKey, StoredEntry | undefined>;
  /** Whether head and items are of one moment. */
  readonly isOneState: boolean;
}

function neverStill(key: string): StorageFault {
  const message = "the structure changed again and again while it was read; try again, or read less at once";
  return new StorageFault("conflict", message, { key });
}
