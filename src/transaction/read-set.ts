import type { Check, RangeCheck } from "../backends/backend.js";
import type { DecodedEntry } from "../core/decoded-entry.js";
import type { StoredKey } from "../core/key.js";
import type { DigestSum } from "../core/range-digest.js";
import { isEmptyRange, type KeyRange } from "../core/range.js";

/** What a transaction has read, absent keys and ranges included; a commit is valid only while all of it holds. */
export class ReadSet {
  readonly #entries = new Map<StoredKey, DecodedEntry>();
  readonly #ranges: RangeCheck[] = [];

  /** What was read of a key earlier: a transaction sees one state of it. */
  get(key: StoredKey): DecodedEntry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps the first answer; a later one for the same key is dropped. */
  add(key: StoredKey, entry: DecodedEntry): DecodedEntry {
    const first = this.#entries.get(key);
    if (first === undefined) this.#entries.set(key, entry);
    return first ?? entry;
  }

  addRange(range: KeyRange, sum: DigestSum): void {
    if (!isEmptyRange(range)) this.#ranges.push({ range, count: sum.count, digest: sum.digest });
  }

  /** Whether no one moment may have shown all of it, so that it holds only once it was looked at together. */
  get isSeveral(): boolean {
    return this.#entries.size > 1 || this.#ranges.length > 0;
  }

  get size(): number {
    return this.#entries.size + this.#ranges.length;
  }

  checks(): Check[] {
    return Array.from(this.#entries, ([key, { version }]) => ({ key, version }));
  }

  ranges(): readonly RangeCheck[] {
    return [...this.#ranges];
  }

  clear(): void {
    this.#entries.clear();
    this.#ranges.length = 0;
  }
}
