import type { Batch } from "../backends/backend.js";
import { isHead, userKey } from "../core/key.js";
import { HEADS, overlaps } from "../core/range.js";
import { cacheKey, namespaceOfCacheKey } from "./cache-key.js";

/**
 * The keys that a commit under way writes: from when it is sent until its answer is here, the backend may hold the new
 * values while the cache still holds the old ones. Worked out only if somebody reads meanwhile.
 */
export class KeysUnderWay {
  readonly #batches: readonly Batch[];
  #keys: Set<string> | undefined;
  #cleared: Set<string> | undefined;

  constructor(batches: readonly Batch[]) {
    this.#batches = batches;
  }

  has(key: string): boolean {
    if (this.#keys === undefined) this.#keys = this.#collect();
    return this.#keys.has(key) || this.#cleared?.has(namespaceOfCacheKey(key)) === true;
  }

  #collect(): Set<string> {
    const keys = new Set<string>();
    for (const { namespace, writes } of this.#batches) {
      for (const write of writes) {
        if (write.kind !== "delete-range") {
          if (isHead(write.key)) keys.add(cacheKey(namespace, userKey(write.key)));
        } else if (overlaps(write.range, HEADS)) {
          this.#cleared ??= new Set();
          this.#cleared.add(namespace);
        }
      }
    }
    return keys;
  }
}
