/** Uniform numbers in [0, 1) that repeat for the same seed: mulberry32 (T. Ettinger, public domain). */
export class SeededRandom {
  #state: number;

  /** @param seed a whole number; only its lowest 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number of at least 0 and below `end`. */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** True with this chance, between 0 and 1. */
  chance(chance: number): boolean {
    return this.uniform() < chance;
  }
}
