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

  delete(key: StoredKey): boolean {
    const deleted = this.#mapOf(key).delete(key);
    if (deleted) this.#size -= 1;
    return deleted;
  }

  /** Every value, in no particular order. */
  values(): V[] {
    if (this.#whole !== undefined) return Array.from(this.#whole.values());
    // concat copies whole arrays; flatMap goes element by element, twenty times slower at a million.
    return ([] as V[]).concat(...this.#shards.map((shard) => Array.from(shard.values())));
  }

  #mapOf(key: StoredKey): Map<StoredKey, V> {
    return this.#whole ?? (this.#shards[shardOf(key)] as Map<StoredKey, V>);
  }

  #spread(whole: Map<StoredKey, V>): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Map<StoredKey, V>());
    this.#whole = undefined;
    for (const [key, value] of whole) this.#mapOf(key).set(key, value);
  }
}

function shardOf(key: StoredKey): number {
  let hash = key.length;
  for (let i = Math.max(0, key.length - HASHED_UNITS); i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SHARDS - 1);
}
