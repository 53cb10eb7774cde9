import type { Payload } from "../core/entry.js";
import { headOf, type Head } from "./head.js";
import type { StructureView, ViewedItems, ViewedStructure, Wanted } from "./structure-view.js";
import type { TransactionCore } from "./transaction-core.js";

/** Structures as a transaction sees them, its own writes included. */
export class TransactionView implements StructureView {
  readonly #core: TransactionCore;

  constructor(core: TransactionCore) {
    this.#core = core;
  }

  async head(key: string): Promise<Head | undefined> {
    return headOf(this.#core.services.source, await this.#core.read(key));
  }

  async read(key: string, wanted: Wanted): Promise<ViewedItems> {
    const head = await this.head(key);
    const items = await this.#core.items.read(key, head?.incarnation, wanted(head));
    this.#core.checkActive();
    return { head, items };
  }

  async readAll(key: string, check: (head: Head) => void): Promise<ViewedStructure> {
    const head = await this.head(key);
    if (head !== undefined) check(head);
    if (head?.incarnation === undefined) return { head, items: [] };
    const items = await this.#core.items.readAll(key, head.incarnation);
    this.#core.checkActive();
    return { head, items };
  }

  decode(item: Payload): unknown {
    return this.#core.services.source.decodePayload(item);
  }
}

/**
 * Changes one structure within a transaction: reads its head and the items that are `wanted`, then writes in one step,
 * all of it or, when `write` throws, nothing. At once, and then it also throws at once, where all of that is known: of
 * calls folded into one transaction the first reads for all.
 */
export function updateStructure<R>(
  core: TransactionCore,
  key: string,
  wanted: Wanted,
  write: (state: ViewedItems) => R,
): R | Promise<R> {
  core.checkActive();
  const seen = core.known(key);
  if (seen !== undefined) {
    const head = headOf(core.services.source, seen);
    const items = core.items.known(key, head?.incarnation, wanted(head));
    if (items !== undefined) return core.allOrNothing(() => write({ head, items }));
  }
  return updateOnceRead(core, key, wanted, write);
}

/** Begins again when another call of the same transaction has written the key between the reads. */
async function updateOnceRead<R>(
  core: TransactionCore,
  key: string,
  wanted: Wanted,
  write: (state: ViewedItems) => R,
): Promise<R> {
  for (;;) {
    const seen = await core.read(key);
    const head = headOf(core.services.source, seen);
    const items = await core.items.read(key, head?.incarnation, wanted(head));
    core.checkActive();
    if (core.known(key) === seen) return core.allOrNothing(() => write({ head, items }));
  }
}
