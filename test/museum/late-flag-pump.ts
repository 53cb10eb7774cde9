import type { Backend, CommitResult } from "../../src/backends/backend.js";
import type { CommitRequest } from "../../src/transaction/commit-request.js";

/** What a pump is to those who submit. */
export interface Pump {
  submit(request: CommitRequest): Promise<CommitResult>;
}

/** A pump that clears its busy flag in `finally`, one step after its last look at the queue. */
export class LateFlagPump implements Pump {
  readonly #backend: Backend;
  readonly #queue: { readonly request: CommitRequest; readonly resolve: (result: CommitResult) => void }[] =
    [];
  #busy = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  submit(request: CommitRequest): Promise<CommitResult> {
    return new Promise((resolve) => {
      this.#queue.push({ request, resolve });
      if (this.#busy) return;
      this.#busy = true;
      void this.#run().finally(() => {
        this.#busy = false;
      });
    });
  }

  async #run(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const [result] = await this.#backend.commit([next.request]);
      next.resolve(result as CommitResult);
    }
  }
}
