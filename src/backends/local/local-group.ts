import type { Batch, Position } from "../backend.js";
import type { LocalCommit } from "./local-commit.js";
import type { LocalStore } from "./local-store.js";

/** Resolves several batches before any is applied, so that their positions follow one another in each namespace. */
export class LocalGroup {
  readonly #store: LocalStore;
  readonly #last = new Map<string, Position>();

  constructor(store: LocalStore) {
    this.#store = store;
  }

  resolve(batch: Batch, now: number): LocalCommit {
    const commit = this.#store.resolve(batch, now, this.#last.get(batch.namespace));
    this.#last.set(batch.namespace, commit.position);
    return commit;
  }
}
