import type { Version } from "./version.js";

/** A 64-bit number as two unsigned halves; BigInt is too slow for a sum over a million entries. */
export interface Digest {
  readonly hi: number;
  readonly lo: number;
}

/** Hashes one (key, version) pair to 64 bits, as `[hi, lo]` written into `out`. */
export type EntryHash = (key: string, version: Version, out: Uint32Array) => void;

/**
 * The default entry hash: two lanes of 32-bit multiply-and-shift over UTF-16 units, finished with the mixer of
 * MurmurHash3 (Austin Appleby, public domain). It guards against accidents between honest processes, not attackers
 * who choose versions.
 */
export const hashEntry: EntryHash = (key, version, out) => {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x27d4eb2f) + 0x165667b1;
  }
  a = Math.imul(a ^ 0x10000, 0x01000193);
  b = Math.imul(b ^ 0x10000, 0x27d4eb2f) + 0x165667b1;
  for (let i = 0; i < version.length; i++) {
    const unit = version.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x27d4eb2f) + 0x165667b1;
  }
  out[0] = mix(a ^ b);
  out[1] = mix(b + Math.imul(a, 5));
};

function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Sums entry hashes, wrapping at 64 bits, so that the order of addition does not matter. */
export class DigestSum {
  readonly #hash: EntryHash;
  readonly #out = new Uint32Array(2);
  #hi = 0;
  #lo = 0;
  #count = 0;

  constructor(hash: EntryHash = hashEntry) {
    this.#hash = hash;
  }

  add(key: string, version: Version): void {
    this.#hash(key, version, this.#out);
    const lo = this.#lo + (this.#out[1] as number);
    this.#lo = lo >>> 0;
    this.#hi = (this.#hi + (this.#out[0] as number) + (lo > 0xffffffff ? 1 : 0)) >>> 0;
    this.#count += 1;
  }

  /** Adds everything that was added to another sum. */
  include(other: DigestSum): void {
    const lo = this.#lo + other.#lo;
    this.#lo = lo >>> 0;
    this.#hi = (this.#hi + other.#hi + (lo > 0xffffffff ? 1 : 0)) >>> 0;
    this.#count += other.#count;
  }

  get count(): number {
    return this.#count;
  }

  get digest(): Digest {
    return { hi: this.#hi, lo: this.#lo };
  }
}
