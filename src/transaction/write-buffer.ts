import type { Expiry, Put, Write } from "../backends/backend.js";
import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import { compareKeys, type StoredKey } from "../core/key.js";
import { inRange, type KeyRange } from "../core/range.js";

/** Stands for a key that the transaction deletes. */
export const DELETED = Symbol("deleted");

export type Buffered = Put | typeof DELETED;

/** What a transaction has written and nobody else sees yet: the last write of each key. */
export class WriteBuffer {
  readonly #writes = new Map<StoredKey, Buffered>();
  #sorted: StoredKey[] | undefined;

  get(key: StoredKey): Buffered | undefined {
    return this.#writes.get(key);
  }

  put(key: StoredKey, { codec, data }: Payload, expiry: Expiry): void {
    this.#write(key, { kind: "put", key, type: ENTRY_TYPE.value, codec, data, expiry });
  }

  delete(key: StoredKey): void {
    this.#write(key, DELETED);
  }

  get size(): number {
    return this.#writes.size;
  }

  clear(): void {
    this.#writes.clear();
    this.#sorted = undefined;
  }

  /** The buffered keys of a range, in key order or against it, as they stand now. */
  keysIn(range: KeyRange, reverse: boolean): StoredKey[] {
    if (this.#writes.size === 0) return [];
    this.#sorted ??= [...this.#writes.keys()].sort(compareKeys);
    const keys = this.#sorted.filter((key) => inRange(key, range));
    return reverse ? keys.reverse() : keys;
  }

  writes(): Write[] {
    return Array.from(this.#writes, ([key, write]) => (write === DELETED ? { kind: "delete", key } : write));
  }

  #write(key: StoredKey, write: Buffered): void {
    const known = this.#writes.size;
    this.#writes.set(key, write);
    if (this.#writes.size !== known) this.#sorted = undefined;
  }
}
