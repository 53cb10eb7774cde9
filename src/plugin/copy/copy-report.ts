import type { Clock } from "../../core/runtime.js";
import { ProgressTeller } from "../progress-teller.js";
import type { CopyOptions, CopyProgress } from "./copy-options.js";

/** Counts what a copy does, and tells whoever wants to know. */
export class CopyReport {
  copied = 0;
  skipped = 0;
  deleted = 0;
  expired = 0;
  bytes = 0;
  compared = 0;
  readonly #teller: ProgressTeller<CopyProgress>;
  #namespace = "";

  constructor(clock: Clock, onProgress: CopyOptions["onProgress"]) {
    this.#teller = new ProgressTeller(clock, onProgress);
  }

  /** Tells how far it is, unless it did a moment ago. */
  async tell(namespace: string): Promise<void> {
    this.#namespace = namespace;
    await this.#teller.tell(() => this.#progress(false));
  }

  async finish(): Promise<void> {
    await this.#teller.finish(this.#progress(true));
  }

  #progress(done: boolean) {
    const { copied, skipped, deleted, bytes, compared } = this;
    return { namespace: this.#namespace, copied, skipped, deleted, bytes, compared, done };
  }
}
