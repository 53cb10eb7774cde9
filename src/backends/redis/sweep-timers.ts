import { withTimeout, type Context } from "../../core/context.js";
import type { BackendSetup } from "../backend.js";
import { Sweeper } from "../local/sweeper.js";
import { sweepOnce, sweepWhole, type SweepSetup } from "./expiry-sweep.js";
import type { NameRegistry } from "./name-registry.js";
import type { Space, Spaces } from "./spaces.js";

export interface SweepTimersSetup extends SweepSetup {
  /** Over when the store closes. */
  readonly ctx: Context;
  readonly registry: NameRegistry;
  readonly spaces: Spaces;
  /** The namespaces that somebody waits for. */
  readonly watched: () => readonly Space[];
  readonly setup: BackendSetup;
}

/** Sweeps every namespace from time to time, and those that somebody watches within a second of each deadline. */
export class SweepTimers {
  readonly #of: SweepTimersSetup;
  readonly #sweepers: readonly Sweeper[];

  constructor(of: SweepTimersSetup) {
    this.#of = of;
    const { runtime, sweepIntervalMs, warn } = of.setup;
    this.#sweepers = [
      new Sweeper({
        runtime,
        intervalMs: sweepIntervalMs,
        isHurried: () => false,
        sweep: () => this.#unlessClosing(() => this.#sweepAll()),
        warn,
      }),
      new Sweeper({
        runtime,
        intervalMs: 0,
        isHurried: () => of.watched().length > 0,
        // The other one says what is wrong, and less often.
        sweep: () => this.#unlessClosing(() => this.#sweepWatched().catch(() => false)),
        warn,
      }),
    ];
  }

  start(): void {
    for (const sweeper of this.#sweepers) sweeper.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sweepers.map((sweeper) => sweeper.stop()));
  }

  /** A sweep that closing cuts short has not failed. */
  async #unlessClosing(sweep: () => Promise<boolean>): Promise<boolean> {
    try {
      return await sweep();
    } catch (error) {
      if (this.#of.ctx.err() !== undefined) return false;
      throw error;
    }
  }

  async #sweepAll(): Promise<boolean> {
    const { ctx, registry, spaces } = this.#of;
    for await (const names of registry.all(ctx)) {
      for (const name of names) {
        await this.#limited((limit) => sweepWhole(this.#of, limit, spaces.of(name)));
      }
    }
    return false;
  }

  async #sweepWatched(): Promise<boolean> {
    const spaces = this.#of.watched();
    const more = await Promise.all(
      spaces.map((space) => this.#limited((limit) => sweepOnce(this.#of, limit, space))),
    );
    return more.includes(true);
  }

  async #limited<T>(run: (limit: Context) => Promise<T>): Promise<T> {
    const [limit, done] = withTimeout(this.#of.ctx, this.#of.setup.operationTimeoutMs);
    try {
      return await run(limit);
    } finally {
      done();
    }
  }
}
