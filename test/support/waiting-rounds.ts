/**
 * Rounds that do little but wait for time to pass: some are under way at once, from the first that is asked for on, and each
 * test waits for its own.
 */
export class WaitingRounds<K, T> {
  readonly #keys: readonly K[];
  readonly #run: (key: K) => Promise<T>;
  readonly #atOnce: number;
  #results: Map<K, Promise<T>> | undefined;

  constructor(keys: readonly K[], atOnce: number, run: (key: K) => Promise<T>) {
    this.#keys = keys;
    this.#atOnce = atOnce;
    this.#run = run;
  }

  /** What the round of a key came to. */
  async of(key: K): Promise<T> {
    this.#results ??= this.#begin();
    const result = this.#results.get(key);
    if (result === undefined) throw new Error("no round was begun for this key");
    return await result;
  }

  #begin(): Map<K, Promise<T>> {
    const lanes: Promise<unknown>[] = Array.from({ length: this.#atOnce }, () => Promise.resolve());
    return new Map(
      this.#keys.map((key, i) => {
        const lane = i % this.#atOnce;
        const result = (lanes[lane] as Promise<unknown>).then(() => this.#run(key));
        // Told to whoever asks for it; the next round of the lane begins all the same.
        lanes[lane] = result.catch(() => undefined);
        return [key, result] as const;
      }),
    );
  }
}
