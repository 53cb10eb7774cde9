import type { Context } from "../../core/context.js";
import type { Timers } from "../../core/runtime.js";
import type { Lifecycle } from "./lifecycle.js";

/** Wakes calls that wait for changes of a namespace. */
export class ChangeSignal {
  readonly #timers: Timers;
  readonly #lifecycle: Pick<Lifecycle, "isOpen">;
  readonly #waiters = new Map<string, Set<() => void>>();

  /** @param lifecycle closing it has to call {@link notifyAll}. */
  constructor(timers: Timers, lifecycle: Pick<Lifecycle, "isOpen">) {
    this.#timers = timers;
    this.#lifecycle = lifecycle;
  }

  /** Whether anybody waits. */
  get hasWaiters(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Resolves at the next change of the namespace, after `timeoutMs`, or when the context is over; at once where closing
   * has begun, which wakes everybody only once and waits for those who would wait after that.
   */
  async wait(ctx: Context, namespace: string, timeoutMs: number): Promise<void> {
    if (!this.#lifecycle.isOpen) return;
    let stopTimer: (() => void) | undefined;
    let stopListening: (() => void) | undefined;
    let wake: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#add(namespace, resolve);
      stopTimer = this.#timers.after(timeoutMs, resolve);
      stopListening = ctx.onDone(resolve);
    });
    stopTimer?.();
    stopListening?.();
    if (wake !== undefined) this.#remove(namespace, wake);
  }

  /** Something changed in the namespace. */
  notify(namespace: string): void {
    const waiters = this.#waiters.get(namespace);
    if (waiters !== undefined) for (const wake of waiters) wake();
  }

  /** Ends every wait. */
  notifyAll(): void {
    for (const namespace of this.#waiters.keys()) this.notify(namespace);
  }

  #add(namespace: string, wake: () => void): void {
    const waiters = this.#waiters.get(namespace);
    if (waiters === undefined) this.#waiters.set(namespace, new Set([wake]));
    else waiters.add(wake);
  }

  #remove(namespace: string, wake: () => void): void {
    const waiters = this.#waiters.get(namespace);
    waiters?.delete(wake);
    if (waiters?.size === 0) this.#waiters.delete(namespace);
  }
}
