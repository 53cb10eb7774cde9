import type { CancelTimer, Timers } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";

export interface BackgroundFlushSetup {
  readonly timers: Timers;
  readonly intervalMs: number;
  readonly flush: () => Promise<void>;
  readonly warn: BackendSetup["warn"];
  readonly unsaved?: BackendSetup["unsaved"];
}

/** Makes commits durable some time after they were made. A failure is for the next who writes or flushes. */
export class BackgroundFlush {
  readonly #setup: BackgroundFlushSetup;
  #cancel: CancelTimer | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(setup: BackgroundFlushSetup) {
    this.#setup = setup;
  }

  /** Something was committed: it will be durable after the interval. */
  note(): void {
    if (this.#setup.intervalMs === Infinity) return;
    this.#cancel ??= this.#setup.timers.after(this.#setup.intervalMs, () => {
      this.#cancel = undefined;
      this.#running = this.#flushAfter(this.#running);
    });
  }

  /** One after the other, so that whoever waits for the last has waited for all. */
  async #flushAfter(earlier: Promise<void> | undefined): Promise<void> {
    await earlier;
    try {
      await this.#setup.flush();
    } catch (error) {
      this.#failure = { error };
      this.#setup.warn("commits could not be made durable; the next call reports it", { error });
      this.#setup.unsaved?.(error);
    }
  }

  /** @throws what the last flush failed with, once. */
  report(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Begins no other flush, and waits for one under way. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }
}
