import type { StoredKey } from "../../core/key.js";
import type { DigestSum } from "../../core/range-digest.js";

/** What the entries of a whole chunk add up to. */
export interface ChunkDigest {
  readonly sum: DigestSum;
  /** The first deadline among its entries: from then on the sum is another. */
  readonly untilMs: number;
}

/** Some consecutive keys of an ordered index, with what is remembered about their entries until one changes. */
export class KeyChunk {
  readonly keys: StoredKey[];
  digest: ChunkDigest | undefined;

  constructor(keys: StoredKey[]) {
    this.keys = keys;
  }

  get last(): StoredKey {
    return this.keys[this.keys.length - 1] as StoredKey;
  }
}
