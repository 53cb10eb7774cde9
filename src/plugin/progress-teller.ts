import type { Clock } from "../core/runtime.js";

const INTERVAL_MS = 200;

/** Told how far something is; awaited before it goes on. */
export type OnProgress<P> = (progress: P) => void | Promise<void>;

/** Tells whoever wants to know how far a long call is, at most every 200 ms and once at the end. */
export class ProgressTeller<P> {
  readonly #clock: Clock;
  readonly #onProgress: OnProgress<P> | undefined;
  #toldAt = -Infinity;

  constructor(clock: Clock, onProgress: OnProgress<P> | undefined) {
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  /** Tells what `progress` gives, unless something was told a moment ago. */
  async tell(progress: () => P): Promise<void> {
    if (this.#onProgress === undefined) return;
    const now = this.#clock.monotonic();
    if (now - this.#toldAt < INTERVAL_MS) return;
    this.#toldAt = now;
    await this.#onProgress(progress());
  }

  async finish(progress: P): Promise<void> {
    await this.#onProgress?.(progress);
  }
}

/** @throws TypeError when it is there and no function. */
export function requireProgress(onProgress: unknown): void {
  if (onProgress === undefined || typeof onProgress === "function") return;
  throw new TypeError(`onProgress must be a function, not ${typeof onProgress}`);
}
