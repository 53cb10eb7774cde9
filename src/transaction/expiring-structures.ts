import type { Backend, Put } from "../backends/backend.js";
import { background } from "../core/context.js";
import { headKey, userKey } from "../core/key.js";
import type { CancelTimer, Runtime } from "../core/runtime.js";

/** Most that is remembered at once; what is beyond is left to `compact`. */
const MOST = 100_000;
/** One timer looks at all that have a deadline, so that a write sets none. */
const LOOK_INTERVAL_MS = 5000;
/** Heads looked at by one read. */
const PAGE = 256;

/** The structure that was, or is, kept under a key. */
export interface Incarnation {
  readonly namespace: string;
  readonly key: string;
  readonly id: string;
}

interface Expiring {
  readonly whose: Incarnation;
  /** Local monotonic time from which on the backend may hold it to be expired. */
  dueAt: number;
}

/**
 * The structures written here that have a deadline. A backend that sweeps the head of one, or lets another entry take
 * its place, tells nobody here: once the deadline has passed the head is looked at.
 */
export class ExpiringStructures {
  readonly #backend: Backend;
  readonly #runtime: Pick<Runtime, "clock" | "timers">;
  readonly #ended: (whose: Incarnation) => void;
  readonly #expiring = new Map<string, Expiring>();
  #stopTimer: CancelTimer | undefined;
  #isStopped = false;

  /** @param ended told of each that has no head any more. */
  constructor(
    backend: Backend,
    runtime: Pick<Runtime, "clock" | "timers">,
    ended: (whose: Incarnation) => void,
  ) {
    this.#backend = backend;
    this.#runtime = runtime;
    this.#ended = ended;
  }

  /** A head was committed at `now` on the backend's clock. */
  written(namespace: string, { key, incarnation, expiry }: Put, now: number): void {
    const id = incarnation as string;
    if (expiry === undefined) return this.forget(id);
    if (this.#isStopped || (this.#expiring.size >= MOST && !this.#expiring.has(id))) return;
    const leftMs = "in" in expiry ? expiry.in : expiry.at - now;
    const whose = { namespace, key: userKey(key), id };
    this.#expiring.set(id, { whose, dueAt: this.#runtime.clock.monotonic() + leftMs });
    this.#arm();
  }

  forget(id: string): void {
    if (this.#expiring.size > 0) this.#expiring.delete(id);
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer?.();
    this.#expiring.clear();
  }

  #arm(): void {
    this.#stopTimer ??= this.#runtime.timers.after(LOOK_INTERVAL_MS, () => {
      void this.look()
        .catch(() => undefined)
        .finally(() => {
          this.#stopTimer = undefined;
          if (this.#expiring.size > 0 && !this.#isStopped) this.#arm();
        });
    });
  }

  /** Looks at those whose deadline has passed; what cannot be looked at now is due the next time, too. */
  async look(): Promise<void> {
    const now = this.#runtime.clock.monotonic();
    const due = new Map<string, Expiring[]>();
    for (const expiring of this.#expiring.values()) {
      if (expiring.dueAt > now) continue;
      const { namespace } = expiring.whose;
      const others = due.get(namespace);
      if (others === undefined) due.set(namespace, [expiring]);
      else others.push(expiring);
    }
    for (const [namespace, all] of due) {
      for (let at = 0; at < all.length; at += PAGE) await this.#check(namespace, all.slice(at, at + PAGE));
    }
  }

  async #check(namespace: string, page: readonly Expiring[]): Promise<void> {
    const keys = page.map(({ whose }) => headKey(whose.key));
    const { entries, now } = await this.#backend.read(background(), namespace, keys, { want: "headers" });
    for (const [i, expiring] of page.entries()) {
      const head = entries[i];
      if (head?.incarnation !== expiring.whose.id) {
        this.#expiring.delete(expiring.whose.id);
        this.#ended(expiring.whose);
      } else if (head.expiresAt === undefined) this.#expiring.delete(expiring.whose.id);
      else expiring.dueAt = this.#runtime.clock.monotonic() + (head.expiresAt - now);
    }
  }
}
