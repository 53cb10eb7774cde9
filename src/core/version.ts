import type { Random } from "./runtime.js";

/**
 * The id of the batch that wrote an entry, minted by the committing process: 64 random bits for the process, then a
 * counter, at most 24 characters of ASCII. Opaque; compared for equality only; never issued twice.
 */
export type Version = string;

/** Mints the ids of one process's batches. */
export class VersionSource {
  readonly #prefix: string;
  #count = 0;

  constructor(random: Random) {
    this.#prefix = Buffer.from(random.bytes(8)).toString("base64url");
  }

  next(): Version {
    this.#count += 1;
    return `${this.#prefix}${this.#count}`;
  }
}
