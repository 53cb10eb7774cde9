import type { StoredKey } from "../../core/key.js";

const SHARDS = 64;
/** A table up to this size is one Map. */
const WHOLE_LIMIT = 16_384;
/** Units at the end of a key that decide its shard. */
const HASHED_UNITS = 32;

/**
 * A Map from key to value whose growth never stalls: V8 rehashes a whole Map when it doubles (measured: 97 ms at half
 * a million entries), so that a large one is spread over many.
 */
export class KeyTable<V> {
  #whole: Map<StoredKey, V> | undefined = new Map();
  #shards: Map<StoredKey, V>[] = [];
  /** For each shard the keys and values appended to it that are not in it yet, in turn. */
  #appended: (StoredKey | V)[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: StoredKey): V | undefined {
    return this.#mapOf(key).get(key);
  }

  has(key: StoredKey): boolean {
    return this.#mapOf(key).has(key);
  }

  set(key: StoredKey, value: V): void {
    const map = this.#mapOf(key);
    const before = map.size;
    map.set(key, value);
    this.#size += map.size - before;
    if (map === this.#whole && before === WHOLE_LIMIT) this.#spread(map);
  }

  /**
   * Adds a key that is not in the table. Most of the work is left to whoever first asks for a key of the same shard:
   * a millisecond or so for each of some thousands of keys, where all of them together would hold up an opening.
   */
  append(key: StoredKey, value: V): void {
    if (this.#whole !== undefined) {
      this.set(key, value);
      return;
    }
    (this.#appended[shardOf(key)] as (StoredKey | V)[]).push(key, value);
    this.#size += 1;
  }

  delete(key: StoredKey): boolean {
    const deleted = this.#mapOf(key).delete(key);
    if (deleted) this.#size -= 1;
    return deleted;
  }

  /** Every value, in no particular order. */
  values(): V[] {
    if (this.#whole !== undefined) return Array.from(this.#whole.values());
    // concat copies whole arrays; flatMap goes element by element, twenty times slower at a million.
    return ([] as V[]).concat(
      ...this.#shards.map((shard) => Array.from(shard.values())),
      ...this.#appended.map(valuesOf),
    );
  }

  #mapOf(key: StoredKey): Map<StoredKey, V> {
    if (this.#whole !== undefined) return this.#whole;
    const shard = shardOf(key);
    if ((this.#appended[shard] as (StoredKey | V)[]).length > 0) this.#takeIn(shard);
    return this.#shards[shard] as Map<StoredKey, V>;
  }

  #takeIn(shard: number): void {
    const appended = this.#appended[shard] as (StoredKey | V)[];
    const map = this.#shards[shard] as Map<StoredKey, V>;
    for (let i = 0; i < appended.length; i += 2) map.set(appended[i] as StoredKey, appended[i + 1] as V);
    this.#appended[shard] = [];
  }

  #spread(whole: Map<StoredKey, V>): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Map<StoredKey, V>());
    this.#appended = Array.from({ length: SHARDS }, () => []);
    this.#whole = undefined;
    for (const [key, value] of whole) this.#mapOf(key).set(key, value);
  }
}

/** Every second item. */
function valuesOf<V>(appended: readonly (StoredKey | V)[]): V[] {
  const values: V[] = [];
  for (let i = 1; i < appended.length; i += 2) values.push(appended[i] as V);
  return values;
}

function shardOf(key: StoredKey): number {
  let hash = key.length;
  for (let i = Math.max(0, key.length - HASHED_UNITS); i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SHARDS - 1);
}
