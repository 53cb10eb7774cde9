import type { CancelTimer, Timers } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";

export interface BackgroundSyncSetup {
  readonly timers: Timers;
  readonly intervalMs: number;
  readonly sync: () => Promise<void>;
  readonly warn: BackendSetup["warn"];
}

/** Makes commits durable some time after they were made. */
export class BackgroundSync {
  readonly #setup: BackgroundSyncSetup;
  #cancel: CancelTimer | undefined;
  #running: Promise<void> | undefined;

  constructor(setup: BackgroundSyncSetup) {
    this.#setup = setup;
  }

  /** Something was committed: it will be durable after the interval. */
  note(): void {
    this.#cancel ??= this.#setup.timers.after(this.#setup.intervalMs, () => {
      this.#cancel = undefined;
      this.#running = this.#setup.sync().catch((error: unknown) => {
        this.#setup.warn("commits could not be made durable; the next call reports it", { error });
      });
    });
  }

  /** Begins no other sync, and waits for one under way. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }
}
