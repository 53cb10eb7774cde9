import type { Clock } from "../../core/runtime.js";
import type { CopyOptions } from "./copy-options.js";

const PROGRESS_INTERVAL_MS = 200;

/** Counts what a copy does, and tells whoever wants to know. */
export class CopyReport {
  copied = 0;
  skipped = 0;
  deleted = 0;
  expired = 0;
  bytes = 0;
  compared = 0;
  readonly #clock: Clock;
  readonly #onProgress: CopyOptions["onProgress"];
  #toldAt = -Infinity;
  #namespace = "";

  constructor(clock: Clock, onProgress: CopyOptions["onProgress"]) {
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  /** Tells how far it is, unless it did a moment ago. */
  async tell(namespace: string): Promise<void> {
    this.#namespace = namespace;
    if (this.#onProgress === undefined) return;
    const now = this.#clock.monotonic();
    if (now - this.#toldAt < PROGRESS_INTERVAL_MS) return;
    this.#toldAt = now;
    await this.#onProgress(this.#progress(false));
  }

  async finish(): Promise<void> {
    await this.#onProgress?.(this.#progress(true));
  }

  #progress(done: boolean) {
    const { copied, skipped, deleted, bytes, compared } = this;
    return { namespace: this.#namespace, copied, skipped, deleted, bytes, compared, done };
  }
}
