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
      const found = await this.#snapshot(key, asked);
      if (found !== undefined) {
        head = this.#stored(found.head);
        const needed = wanted(head);
        if (needed.every((item) => found.items.has(item))) {
          return { head, items: needed.map((item) => found.items.get(item)) };
        }
        asked = needed;
      }
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

  /** The head and items of one state; undefined when the head changed between two pages of them. */
  async #snapshot(key: string, asked: readonly StoredKey[]): Promise<Snapshot | undefined> {
    const items = new Map<StoredKey, Payload | undefined>();
    let head: StoredEntry | undefined;
    for (const [place, page] of pagesOf(asked).entries()) {
      const { entries } = await this.#readBackend([headKey(key), ...page]);
      if (place > 0 && head?.version !== entries[0]?.version) return undefined;
      head = entries[0];
      for (const [i, item] of page.entries()) items.set(item, entries[i + 1]);
    }
    return { head, items };
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

interface Snapshot {
  readonly head: StoredEntry | undefined;
  readonly items: ReadonlyMap<StoredKey, Payload | undefined>;
}

function neverStill(key: string): StorageFault {
  const message = "the structure changed again and again while it was read; try again, or read less at once";
  return new StorageFault("conflict", message, { key });
}
