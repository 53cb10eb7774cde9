import { ENTRY_TYPE, type EntryType, type Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { itemRange } from "../core/incarnation.js";
import { headKey, type StoredKey } from "../core/key.js";
import type { Head } from "../transaction/head.js";
import type { TransactionCore } from "../transaction/transaction-core.js";

/** A structure's place: what it is kept under, and what its head says of it. */
export interface Structure {
  readonly incarnation: string;
  /** Two numbers that a head keeps; what they mean is the structure's own. */
  readonly numbers: readonly [number, number];
}

const NAMES: Readonly<Record<EntryType, string>> = {
  [ENTRY_TYPE.value]: "plain value",
  [ENTRY_TYPE.list]: "list",
  [ENTRY_TYPE.hash]: "hash",
  [ENTRY_TYPE.blob]: "blob",
  [ENTRY_TYPE.part]: "part",
};

/** The calls of a storage for what a key may hold; a part never stands under one, and blobs have none yet. */
const CALLS: Readonly<Partial<Record<EntryType, string>>> = {
  [ENTRY_TYPE.value]: "get and set",
  [ENTRY_TYPE.list]: "list",
  [ENTRY_TYPE.hash]: "hash",
};

/** @throws StorageFault `wrong-type` when the key holds something else. */
export function requireType(head: Head, type: EntryType): void {
  if (head.type === type) return;
  const calls = CALLS[head.type];
  const advice = calls === undefined ? "use another key" : `use ${calls} for it, or another key`;
  const message = `the key holds a ${NAMES[head.type]}, not a ${NAMES[type]}; ${advice}`;
  throw new StorageFault("wrong-type", message);
}

/**
 * What a key holds; undefined when it is absent.
 *
 * @throws StorageFault `wrong-type`, or `decode` when the head is damaged.
 */
export function structureOf(head: Head | undefined, type: EntryType): Structure | undefined {
  if (head === undefined) return undefined;
  requireType(head, type);
  const numbers = head.content();
  if (head.incarnation === undefined || !isPair(numbers)) throw broken(type, "its head is damaged");
  return { incarnation: head.incarnation, numbers };
}

/** As `structureOf`, without a look at what is wrong: for what is only fetched ahead. */
export function isStructure(head: Head | undefined, type: EntryType): head is Head {
  return head?.type === type;
}

/** Writes a head, which every change of the structure does: its version stands for the whole of it. */
export function putHead(
  core: TransactionCore,
  key: string,
  before: Pick<Head, "expiry"> | undefined,
  type: EntryType,
  { incarnation, numbers }: Structure,
): void {
  core.putHead(headKey(key), numbers, before?.expiry, { type, incarnation });
}

export function putItem(core: TransactionCore, item: StoredKey, payload: Payload): void {
  core.put(item, payload, undefined, { type: ENTRY_TYPE.part });
}

/** Ends a structure that was emptied, with whatever stands under it. */
export function removeStructure(core: TransactionCore, key: string, incarnation: string): void {
  core.delete(headKey(key));
  core.deleteRange(itemRange(incarnation));
}

/** Reads nothing but the head. */
export function noItems(): readonly StoredKey[] {
  return [];
}

/** @throws StorageFault `decode` when an item is not there although its head says so. */
export function requireItem(item: Payload | undefined, type: EntryType): Payload {
  if (item === undefined) throw broken(type, "a part of it is missing");
  return item;
}

export function broken(type: EntryType, flaw: string): StorageFault {
  return new StorageFault("decode", `the ${NAMES[type]} is damaged: ${flaw}`);
}

/** Whether a decoded head is the two numbers that every structure keeps. */
export function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}
