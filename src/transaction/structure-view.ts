import type { Payload } from "../core/entry.js";
import type { StoredKey } from "../core/key.js";
import type { Head } from "./head.js";

/** Names the items that a reader wants of a structure. @throws StorageFault when the head is not what it reads. */
export type Wanted = (head: Head | undefined) => readonly StoredKey[];

/** A head and items of it, all of one state. */
export interface ViewedItems {
  readonly head: Head | undefined;
  /** In the order asked for; undefined where there is none. */
  readonly items: readonly (Payload | undefined)[];
}

/** A head and all of its items, all of one state. */
export interface ViewedStructure {
  readonly head: Head | undefined;
  /** In key order. */
  readonly items: readonly (readonly [key: StoredKey, item: Payload])[];
}

/**
 * Structures as somebody sees them: a transaction, or a reader of what is committed. Every write to a structure also
 * writes its head, so that the head's version stands for the whole of it.
 */
export interface StructureView {
  head(key: string): Promise<Head | undefined>;
  read(key: string, wanted: Wanted): Promise<ViewedItems>;
  /** Every item, where the head passes `check`, which throws otherwise. */
  readAll(key: string, check: (head: Head) => void): Promise<ViewedStructure>;
  /** The value that an item's data encodes, the caller's own. */
  decode(item: Payload): unknown;
}

/** Items that one read of the backend asks for at most. */
export const PAGE_ITEMS = 1024;

/** Cuts a list into parts of at most {@link PAGE_ITEMS}; at least one, however short the list is. */
export function pagesOf<T>(list: readonly T[]): (readonly T[])[] {
  if (list.length <= PAGE_ITEMS) return [list];
  const pages: (readonly T[])[] = [];
  for (let at = 0; at < list.length; at += PAGE_ITEMS) pages.push(list.slice(at, at + PAGE_ITEMS));
  return pages;
}
