import { ExpiringEntry } from "./local-entry.js";

const ARITY = 4;

/**
 * Entries with a deadline, the nearest on top: a 4-ary heap in which every entry knows its slot, so that replacing
 * or deleting one leaves nothing behind and the heap is never larger than the live data.
 */
export class ExpiryQueue {
  #heap: ExpiringEntry[] = [];

  /** The nearest deadline; Infinity when there is none. */
  get nextMs(): number {
    return this.#heap[0]?.expiresAt ?? Infinity;
  }

  add(entry: ExpiringEntry): void {
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1, entry);
  }

  remove(entry: ExpiringEntry): void {
    const slot = ExpiringEntry.slotOf(entry);
    const last = this.#heap.pop() as ExpiringEntry;
    ExpiringEntry.place(entry, -1);
    if (last === entry) return;
    this.#sink(slot, last);
    this.#rise(ExpiringEntry.slotOf(last), last);
  }

  /** Entries whose deadline has passed, at most `limit`, without removing them; not in order. */
  due(now: number, limit: number): ExpiringEntry[] {
    const found: ExpiringEntry[] = [];
    const slots = [0];
    for (let slot = slots.pop(); slot !== undefined && found.length < limit; slot = slots.pop()) {
      const entry = this.#heap[slot];
      if (entry === undefined || entry.expiresAt > now) continue;
      found.push(entry);
      for (let child = slot * ARITY + 1; child <= slot * ARITY + ARITY; child++) slots.push(child);
    }
    return found;
  }

  clear(): void {
    this.#heap = [];
  }

  #rise(from: number, entry: ExpiringEntry): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 2;
      const above = this.#heap[parent] as ExpiringEntry;
      if (above.expiresAt <= entry.expiresAt) break;
      this.#put(slot, above);
      slot = parent;
    }
    this.#put(slot, entry);
  }

  #sink(from: number, entry: ExpiringEntry): void {
    let slot = from;
    for (;;) {
      const child = this.#nearestChild(slot);
      const below = this.#heap[child];
      if (below === undefined || below.expiresAt >= entry.expiresAt) break;
      this.#put(slot, below);
      slot = child;
    }
    this.#put(slot, entry);
  }

  #nearestChild(slot: number): number {
    const first = slot * ARITY + 1;
    const end = Math.min(first + ARITY, this.#heap.length);
    let nearest = first;
    for (let child = first + 1; child < end; child++) {
      if ((this.#heap[child] as ExpiringEntry).expiresAt < (this.#heap[nearest] as ExpiringEntry).expiresAt) {
        nearest = child;
      }
    }
    return nearest;
  }

  #put(slot: number, entry: ExpiringEntry): void {
    this.#heap[slot] = entry;
    ExpiringEntry.place(entry, slot);
  }
}
