import type { StoredEntry } from "../../../core/entry.js";
import type { StoredOrigin } from "../../local/local-entry.js";
import { DamageFault } from "../damage-fault.js";

/**
 * Where the values of damaged lines would stand: an entry that has this origin is there, so that whoever asks for its
 * value, or for the structure that it is an item of, is told that it is lost.
 */
export class LostOrigin implements StoredOrigin {
  readonly stem = "";
  readonly #file: string;
  readonly #namespace: string;

  constructor(file: string, namespace: string) {
    this.#file = file;
    this.#namespace = namespace;
  }

  /** @throws DamageFault always. */
  load({ key }: StoredEntry, at: number): never {
    const flaw = "the line is damaged, and its key is given as it stands there";
    throw new DamageFault("checksum", this.#file, at, flaw, { namespace: this.#namespace, key });
  }
}
