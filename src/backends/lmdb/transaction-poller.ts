import type { CancelTimer, Timers } from "../../core/runtime.js";

/** How long a commit of another process stays unnoticed at most by whoever waits for changes. */
const POLL_INTERVAL_MS = 10;

export interface PollerSetup {
  readonly timers: Timers;
  /** Whether anybody waits. */
  readonly isWanted: () => boolean;
  /** A number that grows with every commit. */
  readonly lastTransaction: () => number;
  /** Something was committed, here or elsewhere. */
  readonly changed: () => void;
}

/** Looks for commits of other processes while somebody waits for changes, and only then. */
export class TransactionPoller {
  readonly #setup: PollerSetup;
  #cancel: CancelTimer | undefined;
  #seen = 0;

  constructor(setup: PollerSetup) {
    this.#setup = setup;
  }

  /** Reports what is committed after the transaction `since`; called before the wait begins. */
  watch(since: number): void {
    if (this.#cancel === undefined) {
      this.#seen = since;
      this.#arm();
    } else this.#seen = Math.min(this.#seen, since);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#setup.timers.after(POLL_INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    this.#cancel = undefined;
    if (!this.#setup.isWanted()) return;
    const last = this.#setup.lastTransaction();
    const isNew = last !== this.#seen;
    this.#seen = last;
    this.#arm();
    if (isNew) this.#setup.changed();
  }
}
