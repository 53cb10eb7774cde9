import type { CancelTimer, Runtime } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";

/** Longest time between two looks while somebody waits for changes: an expiry is one. */
const HURRIED_INTERVAL_MS = 500;

export interface SweeperSetup {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** Time between two sweeps; 0: only while somebody waits. */
  readonly intervalMs: number;
  /** Whether somebody waits for changes. */
  readonly isHurried: () => boolean;
  /** Removes some expired entries; false when none are left. */
  readonly sweep: () => boolean | Promise<boolean>;
  readonly warn: BackendSetup["warn"];
}

/** Calls a backend's sweep from time to time, in slices with turns of the event loop between them. */
export class Sweeper {
  readonly #setup: SweeperSetup;
  #cancel: CancelTimer | undefined;
  #lastMs = 0;
  #slice: Promise<void> | undefined;

  constructor(setup: SweeperSetup) {
    this.#setup = setup;
  }

  start(): void {
    this.#lastMs = this.#setup.runtime.clock.monotonic();
    this.#arm(this.#tickMs());
  }

  /** No sweep begins after this; resolves when one under way has ended. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#slice;
  }

  #tickMs(): number {
    const { intervalMs } = this.#setup;
    return intervalMs > 0 ? Math.min(intervalMs, HURRIED_INTERVAL_MS) : HURRIED_INTERVAL_MS;
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#setup.runtime.timers.after(delayMs, () => {
      this.#slice = this.#tick();
    });
  }

  async #tick(): Promise<void> {
    const more = this.#isDue() && (await this.#sweep());
    if (this.#cancel === undefined) return;
    if (!more) this.#lastMs = this.#isDue() ? this.#setup.runtime.clock.monotonic() : this.#lastMs;
    this.#arm(more ? 0 : this.#tickMs());
  }

  #isDue(): boolean {
    const { intervalMs, isHurried, runtime } = this.#setup;
    if (isHurried()) return true;
    return intervalMs > 0 && runtime.clock.monotonic() - this.#lastMs >= intervalMs;
  }

  async #sweep(): Promise<boolean> {
    try {
      return await this.#setup.sweep();
    } catch (error) {
      this.#setup.warn("expired entries could not be removed; the next sweep tries again", { error });
      return false;
    }
  }
}
