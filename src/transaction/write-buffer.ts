import type { Expiry, Put, Write } from "../backends/backend.js";
import { ENTRY_TYPE, type EntryType, type Payload } from "../core/entry.js";
import { itemRange } from "../core/incarnation.js";
import { compareKeys, type StoredKey } from "../core/key.js";
import { inRange, type KeyRange } from "../core/range.js";
import { LatePut } from "./late-put.js";

/** Stands for a key that the transaction deletes. */
export const DELETED = Symbol("deleted");

export type Buffered = Put | typeof DELETED;

/** What kind of entry a put makes. */
export interface EntryKind {
  readonly type: EntryType;
  /** On the head of a structure: the id under which its items stand. */
  readonly incarnation?: string;
}

type Overwritten = [key: StoredKey, before: Buffered | undefined];

const VALUE: EntryKind = Object.freeze({ type: ENTRY_TYPE.value });

/**
 * What a transaction has written and nobody else sees yet: the last write of each key, and ranges of items that it
 * removes. Whatever ends the incarnation of a structure ends what was written of its items, too.
 */
export class WriteBuffer {
  readonly #writes = new Map<StoredKey, Buffered>();
  /** Carried out before the writes; replaced when it changes. */
  #ranges: readonly KeyRange[] = [];
  #sorted: StoredKey[] | undefined;
  /** What was there before each write since {@link allOrNothing} began, the latest last. */
  #undo: Overwritten[] | undefined;

  get(key: StoredKey): Buffered | undefined {
    const written = this.#writes.get(key);
    if (written !== undefined || this.#ranges.length === 0) return written;
    return this.#ranges.some((range) => inRange(key, range)) ? DELETED : undefined;
  }

  put(key: StoredKey, { codec, data }: Payload, expiry: Expiry, kind = VALUE): void {
    const { type, incarnation } = kind;
    this.#endBefore(key, incarnation);
    const whose = incarnation === undefined ? {} : { incarnation };
    this.#write(key, { kind: "put", key, type, codec, data, expiry, ...whose });
  }

  putLate(put: LatePut): void {
    this.#endBefore(put.key, put.incarnation);
    this.#write(put.key, put);
  }

  delete(key: StoredKey): void {
    this.#endBefore(key, undefined);
    this.#write(key, DELETED);
  }

  /** Removes every item of a range, what was written of them here included. */
  deleteRange(range: KeyRange): void {
    this.#forget(range);
    this.#ranges = [...this.#ranges, range];
  }

  /** Writes, each range one. */
  get size(): number {
    return this.#writes.size + this.#ranges.length;
  }

  clear(): void {
    this.#writes.clear();
    this.#ranges = [];
    this.#sorted = undefined;
  }

  /** Takes back everything that `write` has written when it throws. */
  allOrNothing<R>(write: () => R): R {
    const undo: Overwritten[] = [];
    const ranges = this.#ranges;
    this.#undo = undo;
    try {
      return write();
    } catch (error) {
      this.#undo = undefined;
      for (const [key, before] of undo.reverse()) this.#write(key, before);
      this.#ranges = ranges;
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  /** The buffered keys of a range, in key order or against it, as they stand now. */
  keysIn(range: KeyRange, reverse: boolean): StoredKey[] {
    if (this.#writes.size === 0) return [];
    this.#sorted ??= [...this.#writes.keys()].sort(compareKeys);
    const keys = this.#sorted.filter((key) => inRange(key, range));
    return reverse ? keys.reverse() : keys;
  }

  writes(): Write[] {
    const removed = this.#ranges.map((range) => ({ kind: "delete-range", range }) as const);
    const written = Array.from(this.#writes, ([key, write]) =>
      write === DELETED ? ({ kind: "delete", key } as const) : sent(write),
    );
    return [...removed, ...written];
  }

  /** Items of a structure whose head this transaction had written are not written once the structure has ended. */
  #endBefore(key: StoredKey, incarnation: string | undefined): void {
    const before = this.#writes.get(key);
    if (before === undefined || before === DELETED || before.incarnation === undefined) return;
    if (before.incarnation !== incarnation) this.#forget(itemRange(before.incarnation));
  }

  /** Forgets what was written in a range. */
  #forget(range: KeyRange): void {
    for (const key of [...this.#writes.keys()]) if (inRange(key, range)) this.#write(key, undefined);
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter((held) => !covers(range, held));
  }

  #write(key: StoredKey, write: Buffered | undefined): void {
    const known = this.#writes.size;
    this.#undo?.push([key, this.#writes.get(key)]);
    if (write === undefined) this.#writes.delete(key);
    else this.#writes.set(key, write);
    if (this.#writes.size !== known) this.#sorted = undefined;
  }
}

function sent(put: Put): Put {
  return put instanceof LatePut ? put.encoded() : put;
}

function covers(range: KeyRange, other: KeyRange): boolean {
  if (compareKeys(other.start, range.start) < 0) return false;
  if (range.end === undefined) return true;
  return other.end !== undefined && compareKeys(other.end, range.end) <= 0;
}
