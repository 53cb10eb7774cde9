import { StorageFault } from "../core/errors.js";
import type { CancelTimer, Timers } from "../core/runtime.js";

/** Something open that ends by itself when its context is over. */
export interface Expiring {
  /** Ends it if its context is over. */
  endIfOver(): void;
  /** Ends it now; later calls of it say why. */
  abort(cause: StorageFault): void;
}

const LOOK_INTERVAL_MS = 1000;

/**
 * The transactions that are open, bounded in number. One timer for all of them looks once a second for those whose
 * time is over, so that an abandoned one frees its buffer without a timer of its own.
 */
export class OpenTransactions {
  readonly #open = new Set<Expiring>();
  readonly #maxOpen: number;
  readonly #timers: Timers;
  #stopTimer: CancelTimer | undefined;

  constructor(maxOpen: number, timers: Timers) {
    this.#maxOpen = maxOpen;
    this.#timers = timers;
  }

  /** @throws StorageFault `busy` when there are too many. */
  add(transaction: Expiring): void {
    if (this.#open.size >= this.#maxOpen) {
      const message = `${this.#maxOpen} transactions are open already; commit or roll back some of them, or raise transaction.max_open`;
      throw new StorageFault("busy", message);
    }
    this.#open.add(transaction);
    this.#stopTimer ??= this.#timers.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  remove(transaction: Expiring): void {
    this.#open.delete(transaction);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Aborts all; for closing. */
  abortAll(cause: StorageFault): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const transaction of [...this.#open]) transaction.abort(cause);
  }

  #look(): void {
    for (const transaction of [...this.#open]) transaction.endIfOver();
    this.#stopTimer =
      this.#open.size === 0 ? undefined : this.#timers.after(LOOK_INTERVAL_MS, () => this.#look());
  }
}
