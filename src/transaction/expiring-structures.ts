import type { Backend, Check, ExpiredHead, Put } from "../backends/backend.js";
import { background } from "../core/context.js";
import { headKey, userKey, type StoredKey } from "../core/key.js";
import type { CancelTimer, Runtime } from "../core/runtime.js";

/** Most that is remembered at once; what is beyond is left to `compact`. */
const MOST = 100_000;
/** One timer looks at all that are due, so that neither a write nor a sweep sets one. */
const LOOK_INTERVAL_MS = 5000;
/** Heads looked at by one read. */
const PAGE = 256;
/** Incarnations whose items are dropped together. */
export const TOGETHER = 32;

/** The structure that was, or is, kept under a key. */
export interface Incarnation {
  readonly namespace: string;
  readonly key: string;
  readonly id: string;
}

export interface ExpiringStructuresSetup {
  readonly backend: Backend;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** While one of these keys is in a namespace, somebody writes items there before their heads. */
  readonly marks: readonly StoredKey[];
  /** Drops the items of incarnations in commits with these checks; false when one of them did not hold. */
  readonly drop: (namespace: string, ids: readonly string[], checks: readonly Check[]) => Promise<boolean>;
}

interface Expiring {
  readonly whose: Incarnation;
  /** Local monotonic time from which on the backend may hold it to be expired. */
  dueAt: number;
}

/** A structure that was not found under its key, and what was there when it was looked for. */
interface Gone {
  readonly id: string;
  readonly check: Check;
}

/**
 * The structures written here that have a deadline, and those that the backend has removed after theirs, whoever wrote
 * them. Once the deadline has passed the key is looked at: the backend may have swept the head, another entry may have
 * taken its place, or it lives longer by now.
 *
 * That a head is gone is no more than a hint, and an old one: a copy may bring the same structure back. So the commit
 * that drops items checks that what stands under the key is still what was seen there, and that nobody fills the
 * namespace. Where that does not hold they are looked at again the next time.
 */
export class ExpiringStructures {
  readonly #setup: ExpiringStructuresSetup;
  readonly #expiring = new Map<string, Expiring>();
  #stopTimer: CancelTimer | undefined;
  #dropped = 0;
  #isStopping = false;
  #isStopped = false;

  constructor(setup: ExpiringStructuresSetup) {
    this.#setup = setup;
  }

  /** A head was committed at `now` on the backend's clock. */
  written(namespace: string, { key, incarnation, expiry }: Put, now: number): void {
    const id = incarnation as string;
    if (expiry === undefined) return this.forget(id);
    const leftMs = "in" in expiry ? expiry.in : expiry.at - now;
    this.#remember({ namespace, key: userKey(key), id }, leftMs);
  }

  /** The backend has removed heads whose time was over. */
  removed(namespace: string, heads: readonly ExpiredHead[]): void {
    for (const { key, incarnation: id } of heads) this.#remember({ namespace, key: userKey(key), id }, 0);
  }

  forget(id: string): void {
    if (this.#expiring.size > 0) this.#expiring.delete(id);
  }

  /**
   * Looks as long as that drops anything: the commits that drop items may sweep, and what they tell of would be lost.
   * Takes on nothing more after that.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopTimer?.();
    for (let before = -1; before !== this.#dropped; ) {
      before = this.#dropped;
      await this.look();
    }
    this.#isStopped = true;
  }

  /** Looks at those whose deadline has passed; what cannot be looked at or dropped now is due the next time, too. */
  async look(): Promise<void> {
    for (const [namespace, all] of this.#due()) {
      try {
        for (let at = 0; at < all.length; at += PAGE) {
          if (!(await this.#check(namespace, all.slice(at, at + PAGE)))) break;
        }
      } catch {
        // Nobody waits for it, and nobody is wrong without it.
      }
    }
  }

  #remember(whose: Incarnation, leftMs: number): void {
    const { id } = whose;
    if (this.#isStopped || (this.#expiring.size >= MOST && !this.#expiring.has(id))) return;
    this.#expiring.set(id, { whose, dueAt: this.#now() + leftMs });
    this.#arm();
  }

  #arm(): void {
    if (this.#isStopping) return;
    this.#stopTimer ??= this.#setup.runtime.timers.after(LOOK_INTERVAL_MS, () => {
      void this.look().finally(() => {
        this.#stopTimer = undefined;
        if (this.#expiring.size > 0) this.#arm();
      });
    });
  }

  #now(): number {
    return this.#setup.runtime.clock.monotonic();
  }

  #due(): ReadonlyMap<string, readonly Expiring[]> {
    const now = this.#now();
    const due = new Map<string, Expiring[]>();
    for (const expiring of this.#expiring.values()) {
      if (expiring.dueAt > now) continue;
      const { namespace } = expiring.whose;
      const others = due.get(namespace);
      if (others === undefined) due.set(namespace, [expiring]);
      else others.push(expiring);
    }
    return due;
  }

  /** False when the namespace is being filled, and nothing can be said of it. */
  async #check(namespace: string, page: readonly Expiring[]): Promise<boolean> {
    const { backend, marks } = this.#setup;
    const keys = [...page.map(({ whose }) => headKey(whose.key)), ...marks];
    const { entries, now } = await backend.read(background(), namespace, keys, { want: "headers" });
    const gone: Gone[] = [];
    for (const [i, expiring] of page.entries()) {
      const head = entries[i];
      const { id } = expiring.whose;
      if (head?.incarnation !== id)
        gone.push({ id, check: { key: keys[i] as StoredKey, version: head?.version ?? null } });
      else if (head.expiresAt === undefined) this.forget(id);
      else expiring.dueAt = this.#now() + (head.expiresAt - now);
    }
    if (entries.slice(page.length).some((mark) => mark !== undefined)) return false;
    for (let at = 0; at < gone.length; at += TOGETHER) {
      const some = gone.slice(at, at + TOGETHER);
      if ((await this.#drop(namespace, some)) || some.length === 1) continue;
      // One of them alone is in the way.
      for (const one of some) await this.#drop(namespace, [one]);
    }
    return true;
  }

  async #drop(namespace: string, gone: readonly Gone[]): Promise<boolean> {
    const { drop, marks } = this.#setup;
    const ids = gone.map(({ id }) => id);
    // Several structures that are gone may have stood under one key.
    const seen = new Map(gone.map(({ check }) => [check.key, check]));
    const checks = [...seen.values(), ...marks.map((key) => ({ key, version: null }))];
    if (!(await drop(namespace, ids, checks))) return false;
    for (const id of ids) this.forget(id);
    this.#dropped += ids.length;
    return true;
  }
}
