import type { CancelTimer, Timers } from "../../core/runtime.js";

/** How long a commit of another process stays unnoticed at most by whoever waits for changes. */
const POLL_INTERVAL_MS = 10;

export interface PollerSetup {
  readonly timers: Timers;
  /** Whether anybody waits. */
  readonly isWanted: () => boolean;
  /** Another number after every commit of others. */
  readonly lastCommit: () => number | Promise<number>;
  /** Something was committed, here or elsewhere, or nobody can say. */
  readonly changed: () => void;
}

/** Looks for commits of other processes while somebody waits for changes, and only then. */
export class CommitPoller {
  readonly #setup: PollerSetup;
  #cancel: CancelTimer | undefined;
  #look: Promise<void> | undefined;
  /** Undefined: the next look reports whatever it sees, because not all who wait have seen the same. */
  #seen: number | undefined;

  constructor(setup: PollerSetup) {
    this.#setup = setup;
  }

  /** Reports what is committed after `since` was read; called before the wait begins. */
  watch(since: number): void {
    if (this.#cancel === undefined) {
      this.#seen = since;
      this.#arm();
    } else if (since !== this.#seen) this.#seen = undefined;
  }

  /** No look begins after this; resolves when one under way has ended. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#look;
  }

  #arm(): void {
    this.#cancel = this.#setup.timers.after(POLL_INTERVAL_MS, () => {
      this.#look = this.#poll();
    });
  }

  async #poll(): Promise<void> {
    if (!this.#setup.isWanted()) {
      this.#cancel = undefined;
      return;
    }
    const last = await this.#lastCommit();
    if (this.#cancel === undefined) return;
    const isNew = last === undefined || last !== this.#seen;
    this.#seen = last;
    this.#arm();
    if (isNew) this.#setup.changed();
  }

  /** Undefined when the store cannot be asked. */
  async #lastCommit(): Promise<number | undefined> {
    try {
      return await this.#setup.lastCommit();
    } catch {
      return undefined;
    }
  }
}
