import { parseDuration, type Duration } from "./duration.js";
import { StorageFault } from "./errors.js";
import { systemRuntime, type Clock, type Timers } from "./runtime.js";

/** A typed key for {@link withValue}; two keys are never equal, whatever their names. */
export class ContextKey<T> {
  /** Only a type; never read. */
  declare readonly type: T;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Cancels a context, with an optional cause that its error carries. Later calls do nothing. */
export type Cancel = (cause?: unknown) => void;

/**
 * What a call is given about its caller: a deadline, cancellation and values, as Go's `context.Context`.
 * The first parameter of every storage call; never kept beyond the call, except by a transaction.
 */
export interface Context {
  /** Milliseconds left until the deadline: `Infinity` without one, at most 0 once it has passed. */
  remainingMs(): number;
  /** The reason this context is over (`cancelled` or `timeout`), or undefined while it is not. */
  err(): StorageFault | undefined;
  /** False when this context can never be over: no deadline and no cancellation, here or in a parent. */
  readonly canEnd: boolean;
  /** The value stored by {@link withValue} under this key here or in a parent. */
  value<T>(key: ContextKey<T>): T | undefined;
  /**
   * Calls `listener` once when the context is over, at once if it is already. Returns a function that
   * forgets the listener; call it when the wait has ended for another reason.
   */
  onDone(listener: () => void): () => void;
  /** An AbortSignal that follows this context. Made on first use: it costs microseconds. */
  readonly signal: AbortSignal;
}

interface Surroundings {
  readonly clock: Clock;
  readonly timers: Timers;
}

class ContextNode implements Context {
  readonly surroundings: Surroundings;
  readonly #parent: ContextNode | undefined;
  readonly #deadline: number;
  readonly canEnd: boolean;
  readonly #key: ContextKey<unknown> | undefined;
  readonly #value: unknown;
  #error: StorageFault | undefined;
  #listeners: Set<() => void> | undefined;
  #release: (() => void) | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    surroundings: Surroundings,
    parent: ContextNode | undefined,
    deadline: number,
    entry?: readonly [ContextKey<unknown>, unknown],
  ) {
    this.surroundings = surroundings;
    this.#parent = parent;
    this.#deadline = deadline;
    this.canEnd = parent !== undefined && (entry === undefined || parent.canEnd);
    this.#key = entry?.[0];
    this.#value = entry?.[1];
  }

  get deadline(): number {
    return this.#deadline;
  }

  remainingMs(): number {
    return this.#deadline === Infinity ? Infinity : this.#deadline - this.surroundings.clock.monotonic();
  }

  err(): StorageFault | undefined {
    if (!this.canEnd) return undefined;
    if (this.#error !== undefined) return this.#error;
    const inherited = (this.#parent as ContextNode).err();
    if (inherited !== undefined) return this.#finish(inherited);
    if (this.#deadline === Infinity || this.remainingMs() > 0) return undefined;
    return this.#finish(new StorageFault("timeout", "the context's deadline has passed"));
  }

  value<T>(key: ContextKey<T>): T | undefined {
    for (let node: ContextNode | undefined = this; node !== undefined; node = node.#parent) {
      if (node.#key === key) return node.#value as T;
    }
    return undefined;
  }

  onDone(listener: () => void): () => void {
    if (this.err() !== undefined) {
      listener();
      return () => undefined;
    }
    if (!this.canEnd) return () => undefined;
    this.#listeners ??= new Set();
    if (this.#listeners.size === 0) this.#release = this.#follow();
    // A wrapper keeps two registrations of one function apart.
    const registration = () => listener();
    this.#listeners.add(registration);
    return () => this.#forget(registration);
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      this.onDone(() => controller.abort(this.#error));
    }
    return this.#signal;
  }

  cancel(cause: unknown): void {
    if (this.err() !== undefined) return;
    const details = cause === undefined ? {} : { cause };
    this.#finish(new StorageFault("cancelled", "the context was cancelled", details));
  }

  #finish(error: StorageFault): StorageFault {
    this.#error = error;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.#stopFollowing();
    for (const listener of listeners ?? []) listener();
    return error;
  }

  #forget(listener: () => void): void {
    this.#listeners?.delete(listener);
    if (this.#listeners?.size === 0) this.#stopFollowing();
  }

  #stopFollowing(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Watches the parent and the deadline for as long as somebody listens here. */
  #follow(): () => void {
    const check = () => void this.err();
    const unlink = (this.#parent as ContextNode).onDone(check);
    const inherited = (this.#parent as ContextNode).deadline;
    if (this.#deadline === Infinity || this.#deadline >= inherited) return unlink;
    const stopTimer = this.#armTimer(check);
    return () => {
      unlink();
      stopTimer();
    };
  }

  /** Fires at the deadline; a timer that fires early, as Node's may, or that was capped is armed again. */
  #armTimer(check: () => void): () => void {
    let stop: () => void = () => undefined;
    const arm = () => {
      stop = this.surroundings.timers.after(Math.max(0, Math.ceil(this.remainingMs())), () => {
        check();
        if (this.#error === undefined) arm();
      });
    };
    arm();
    return () => stop();
  }
}

const ROOT = new ContextNode(systemRuntime, undefined, Infinity);

/** The context without deadline, values or cancellation, from which others are derived. */
export function background(): Context {
  return ROOT;
}

/** A root context whose deadlines run on the given clock and timers; for tests with a fake clock. */
export function backgroundOn(surroundings: { readonly clock: Clock; readonly timers: Timers }): Context {
  return new ContextNode(surroundings, undefined, Infinity);
}

/** A child that is over when `cancel` is called or the parent is over. */
export function withCancel(parent: Context): [context: Context, cancel: Cancel] {
  return derive(parent, Infinity);
}

/**
 * A child that is over `timeout` from now, when `cancel` is called, or when the parent is over.
 *
 * @throws StorageFault `invalid-ttl` when `timeout` is not a duration.
 */
export function withTimeout(parent: Context, timeout: Duration): [context: Context, cancel: Cancel] {
  const node = nodeOf(parent);
  return derive(parent, node.surroundings.clock.monotonic() + parseDuration(timeout));
}

/** A child that is over at a moment of wall time, when `cancel` is called, or when the parent is over. */
export function withDeadline(parent: Context, deadline: Date): [context: Context, cancel: Cancel] {
  const { clock } = nodeOf(parent).surroundings;
  const untilMs = deadline.getTime() - clock.wall();
  if (Number.isNaN(untilMs)) throw new TypeError("withDeadline takes a valid Date");
  return derive(parent, clock.monotonic() + untilMs);
}

/** A child that answers `value` for `key`. */
export function withValue<T>(parent: Context, key: ContextKey<T>, value: T): Context {
  const node = nodeOf(parent);
  return new ContextNode(node.surroundings, node, node.deadline, [key, value]);
}

/** A context that is over when the signal aborts. Call `cancel` to let go of the signal earlier. */
export function fromSignal(
  signal: AbortSignal,
  parent: Context = ROOT,
): [context: Context, cancel: Cancel] {
  const [context, cancel] = derive(parent, Infinity);
  const abort = () => cancel(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  const release: Cancel = (cause) => {
    signal.removeEventListener("abort", abort);
    cancel(cause);
  };
  return [context, release];
}

/** Throws a TypeError unless the value is a Context made by this module. */
export function requireContext(context: unknown): asserts context is Context {
  if (!(context instanceof ContextNode)) {
    throw new TypeError("the first argument must be a Context; start from background()");
  }
}

function derive(parent: Context, deadline: number): [Context, Cancel] {
  const node = nodeOf(parent);
  const child = new ContextNode(node.surroundings, node, Math.min(deadline, node.deadline));
  return [child, (cause) => child.cancel(cause)];
}

function nodeOf(context: Context): ContextNode {
  requireContext(context);
  return context as ContextNode;
}
