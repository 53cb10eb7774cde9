import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { quoteName, StorageFault } from "../core/errors.js";
import { itemKey, placeOfItem } from "../core/incarnation.js";
import { checkField, type StoredKey } from "../core/key.js";
import { normalizeValue } from "../core/normalize.js";
import type { Head } from "../transaction/head.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { broken, putHead, putItem, removeStructure, structureOf } from "./structure-head.js";

/** Several fields with their values: an object's own, or a Map. */
export type HashData<T = unknown> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;

/** What the head of a hash says: how many fields it has, and where the next one stands in their order. */
export interface HashState {
  readonly incarnation: string;
  readonly count: number;
  readonly next: number;
}

/** A field's value, and its place in the order in which the fields were first set. */
export interface HashItem {
  readonly place: number;
  readonly value: unknown;
}

/** The hash that a key holds; undefined when it is absent. @throws StorageFault `wrong-type`, `decode`. */
export function hashOf(head: Head | undefined): HashState | undefined {
  const hash = structureOf(head, ENTRY_TYPE.hash);
  if (hash === undefined) return undefined;
  const [count, next] = hash.numbers;
  return { incarnation: hash.incarnation, count, next };
}

export function newHash(core: TransactionCore): HashState {
  return { incarnation: core.services.incarnations.next(), count: 0, next: 0 };
}

/** Writes what became of a hash: an empty one is none. */
export function putHash(core: TransactionCore, key: string, before: Head | undefined, hash: HashState): void {
  const { incarnation, count, next } = hash;
  if (count === 0) removeStructure(core, key, incarnation);
  else putHead(core, key, before, ENTRY_TYPE.hash, { incarnation, numbers: [count, next] });
}

export function fieldItems(hash: HashState | undefined, fields: readonly string[]): StoredKey[] {
  return hash === undefined ? [] : fields.map((field) => itemKey(hash.incarnation, field));
}

export function putField(core: TransactionCore, item: StoredKey, { place, value }: HashItem): void {
  const encoded = ofField(fieldOf(item), () => core.services.encoder.encode([place, value]));
  putItem(core, item, encoded);
}

export function fieldOf(item: StoredKey): string {
  return placeOfItem(item);
}

/** @throws StorageFault `decode` when it is not what `putField` wrote. */
export function decodeField(decode: (item: Payload) => unknown, item: Payload): HashItem {
  const pair = decode(item);
  if (!Array.isArray(pair) || pair.length !== 2 || !Number.isSafeInteger(pair[0])) {
    throw broken(ENTRY_TYPE.hash, "a field of it is not what was written");
  }
  return { place: pair[0] as number, value: pair[1] as unknown };
}

/**
 * Fields with private copies of their values, as they are now.
 *
 * @throws TypeError for anything else than a Map or an object of fields; StorageFault `invalid-key`, `unserializable`.
 */
export function fieldsOf(data: HashData): [field: string, value: unknown][] {
  const isMap = data instanceof Map;
  if (typeof data !== "object" || data === null || (!isMap && Symbol.iterator in data)) {
    throw new TypeError("hset takes a field and its value, or an object or a Map of fields to values");
  }
  const fields = isMap ? [...(data as ReadonlyMap<string, unknown>)] : Object.entries(data);
  return fields.map(([field, value]) => [field, valueOf(field, value)]);
}

/** A private copy of the value for a field. @throws TypeError; StorageFault `invalid-key`, `unserializable`, naming the field. */
export function valueOf(field: unknown, value: unknown): unknown {
  checkField(field);
  return ofField(field, () => normalizeValue(value));
}

/** What is made of one field; names it where it fails. */
function ofField<R>(field: string, make: () => R): R {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    const { reason, message, cause = error } = error;
    throw new StorageFault(reason, `${named(field)}: ${message}`, { cause });
  }
}

/** A field in a message. */
export function named(field: string): string {
  return `the field ${quoteName(field)}`;
}
