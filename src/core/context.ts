import { isDate, requireSignal } from "./context-sources.js";
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

const NOTHING = (): void => undefined;

const CONTEXT_BRAND = Symbol.for("holdfast.Context");

abstract class ContextNode implements Context {
  /** A context of another copy of this package is one too, as with faults. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && CONTEXT_BRAND in value;
  }

  /** On the prototype, so that inspecting a context does not show it. */
  get [CONTEXT_BRAND](): true {
    return true;
  }

  abstract readonly surroundings: Surroundings;
  /** On the monotonic clock; Infinity when there is none. Never later than the parent's. */
  abstract readonly deadline: number;
  abstract readonly canEnd: boolean;
  abstract readonly signal: AbortSignal;
  abstract err(): StorageFault | undefined;
  abstract value<T>(key: ContextKey<T>): T | undefined;
  abstract onDone(listener: () => void): () => void;

  remainingMs(): number {
    return this.deadline === Infinity ? Infinity : this.deadline - this.surroundings.clock.monotonic();
  }
}

class RootContext extends ContextNode {
  readonly surroundings: Surroundings;
  readonly deadline = Infinity;
  readonly canEnd = false;
  #signal: AbortSignal | undefined;

  constructor(surroundings: Surroundings) {
    super();
    this.surroundings = surroundings;
  }

  err(): undefined {
    return undefined;
  }

  value(): undefined {
    return undefined;
  }

  onDone(): () => void {
    return NOTHING;
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

/** Ends with its parent, so it asks the parent about everything but its value. */
class ValueContext<V> extends ContextNode {
  readonly surroundings: Surroundings;
  readonly deadline: number;
  readonly canEnd: boolean;
  readonly #parent: ContextNode;
  readonly #key: ContextKey<V>;
  readonly #value: V;

  constructor(parent: ContextNode, key: ContextKey<V>, value: V) {
    super();
    this.surroundings = parent.surroundings;
    this.deadline = parent.deadline;
    this.canEnd = parent.canEnd;
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  err(): StorageFault | undefined {
    return this.canEnd ? this.#parent.err() : undefined;
  }

  value<T>(key: ContextKey<T>): T | undefined {
    const own: ContextKey<unknown> = this.#key;
    return own === key ? (this.#value as unknown as T) : this.#parent.value(key);
  }

  onDone(listener: () => void): () => void {
    return this.#parent.onDone(listener);
  }

  get signal(): AbortSignal {
    return this.#parent.signal;
  }
}

interface Ending {
  readonly source?: AbortSignal;
  /** Says that the deadline has passed. */
  readonly describe?: () => string;
}

/**
 * Ends by being cancelled, by an AbortSignal, at its deadline, or with its parent. Whoever asks (`err`) finds out by
 * looking; timers and listeners on others exist only while somebody listens here, so a context that is dropped
 * leaves nothing behind.
 */
class EndingContext extends ContextNode {
  readonly surroundings: Surroundings;
  readonly deadline: number;
  readonly canEnd = true;
  readonly #parent: ContextNode;
  readonly #source: AbortSignal | undefined;
  readonly #describe: () => string;
  #error: StorageFault | undefined;
  /** How it was ended. The error is made when somebody asks: most contexts are cancelled when nobody does any more. */
  #ended: (() => StorageFault) | undefined;
  #listeners: Set<() => void> | undefined;
  #unfollow: readonly (() => void)[] = [];
  #signal: AbortSignal | undefined;

  constructor(parent: ContextNode, deadline: number, { source, describe = ownDeadline }: Ending) {
    super();
    this.surroundings = parent.surroundings;
    this.deadline = Math.min(deadline, parent.deadline);
    this.#parent = parent;
    this.#source = source;
    this.#describe = describe;
  }

  err(): StorageFault | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#ended !== undefined) return (this.#error = this.#ended());
    const inherited = this.#parent.err();
    if (inherited !== undefined) return this.#finish(inherited);
    if (this.#source?.aborted === true) return this.#finish(cancelled(this.#source.reason));
    if (!this.#endsBeforeParent() || this.remainingMs() > 0) return undefined;
    return this.#finish(new StorageFault("timeout", this.#describe()));
  }

  value<T>(key: ContextKey<T>): T | undefined {
    return this.#parent.value(key);
  }

  onDone(listener: () => void): () => void {
    if (this.err() !== undefined) {
      listener();
      return NOTHING;
    }
    // A wrapper keeps two registrations of one function apart.
    const registration = () => listener();
    this.#listeners ??= new Set();
    this.#listeners.add(registration);
    if (this.#listeners.size === 1) this.#follow();
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

  end(error: () => StorageFault): void {
    if (this.err() !== undefined) return;
    this.#ended = error;
    this.#tellAll();
  }

  get #isOver(): boolean {
    return this.#error !== undefined || this.#ended !== undefined;
  }

  #endsBeforeParent(): boolean {
    return this.deadline < this.#parent.deadline;
  }

  #finish(error: StorageFault): StorageFault {
    this.#error = error;
    this.#tellAll();
    return error;
  }

  /** Tells every listener, also when one throws or forgets another. */
  #tellAll(): void {
    this.#stopFollowing();
    for (const listener of this.#listeners ?? []) callSafely(listener);
    this.#listeners = undefined;
  }

  #forget(registration: () => void): void {
    this.#listeners?.delete(registration);
    if (this.#listeners?.size === 0) this.#stopFollowing();
  }

  #follow(): void {
    const check = () => void this.err();
    this.#unfollow = [this.#parent.onDone(check), this.#followSource(check)];
    // The parent may have ended between the look at it and this; then nothing is left to wait for.
    if (!this.#isOver && this.#endsBeforeParent()) {
      this.#unfollow = [...this.#unfollow, this.#armTimer(check)];
    }
    if (this.#isOver) this.#stopFollowing();
  }

  #stopFollowing(): void {
    const unfollow = this.#unfollow;
    this.#unfollow = [];
    for (const stop of unfollow) stop();
  }

  #followSource(check: () => void): () => void {
    const source = this.#source;
    if (source === undefined) return NOTHING;
    source.addEventListener("abort", check, { once: true });
    return () => source.removeEventListener("abort", check);
  }

  /** Fires at the deadline; a timer that fires early, as Node's may, or that was capped is armed again. */
  #armTimer(check: () => void): () => void {
    let stop: () => void = NOTHING;
    const arm = () => {
      stop = this.surroundings.timers.after(Math.max(0, Math.ceil(this.remainingMs())), () => {
        check();
        if (!this.#isOver) arm();
      });
    };
    arm();
    return () => stop();
  }
}

function ownDeadline(): string {
  return "the context's deadline has passed";
}

function cancelled(cause: unknown): StorageFault {
  return new StorageFault("cancelled", "the context was cancelled", cause === undefined ? {} : { cause });
}

/** As an EventTarget does, lets the error of one listener surface by itself, not in the caller or the others. */
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const ROOT = new RootContext(systemRuntime);

/** The context without deadline, values or cancellation, from which others are derived. */
export function background(): Context {
  return ROOT;
}

/** A root context whose deadlines run on the given clock and timers; for tests with a fake clock. */
export function backgroundOn(surroundings: { readonly clock: Clock; readonly timers: Timers }): Context {
  return new RootContext(surroundings);
}

/** A child that is over when `cancel` is called or the parent is over. */
export function withCancel(parent: Context): [context: Context, cancel: Cancel] {
  return derive(nodeOf(parent), Infinity);
}

/**
 * A child that is over `timeout` from now, when `cancel` is called, or when the parent is over. With 0 it is over
 * from the start.
 *
 * @throws TypeError when `timeout` is not a duration.
 */
export function withTimeout(parent: Context, timeout: Duration): [context: Context, cancel: Cancel] {
  const node = nodeOf(parent);
  return derive(node, node.surroundings.clock.monotonic() + timeoutMs(timeout));
}

/**
 * A child that is over `ms` from now, as {@link withTimeout} makes one, for a limit that the caller did not set: once it
 * has passed the error says what `describe` does. Where the parent's deadline is earlier the error is the parent's.
 */
export function withLimit(
  parent: Context,
  ms: number,
  describe: () => string,
): [context: Context, cancel: Cancel] {
  const node = nodeOf(parent);
  return derive(node, node.surroundings.clock.monotonic() + ms, { describe });
}

/** A child that is over `ms` from now, with its parent, or when `end` is called, which says with what error. */
export function withEnd(parent: Context, ms: number): [context: Context, end: EndingContext["end"]] {
  const node = nodeOf(parent);
  const child = new EndingContext(node, node.surroundings.clock.monotonic() + ms, {});
  return [child, (error) => child.end(error)];
}

/**
 * A child that is over at a moment of wall time, when `cancel` is called, or when the parent is over. The moment is
 * turned into a time from now at once; a later step of the machine's clock does not move it.
 */
export function withDeadline(parent: Context, deadline: Date): [context: Context, cancel: Cancel] {
  const node = nodeOf(parent);
  const { clock } = node.surroundings;
  const untilMs = isDate(deadline) ? deadline.getTime() - clock.wall() : Number.NaN;
  if (Number.isNaN(untilMs))
    throw new TypeError("withDeadline takes a valid Date; for a span of time use withTimeout");
  return derive(node, clock.monotonic() + untilMs);
}

/** A child that answers `value` for `key`. */
export function withValue<T>(parent: Context, key: ContextKey<T>, value: T): Context {
  return new ValueContext(nodeOf(parent), key, value);
}

/**
 * A child that is over when the signal aborts, when `cancel` is called, or when the parent is over.
 *
 * @throws TypeError when it is no AbortSignal.
 */
export function fromSignal(signal: AbortSignal, parent: Context = ROOT): [context: Context, cancel: Cancel] {
  requireSignal(signal);
  return derive(nodeOf(parent), Infinity, { source: signal });
}

/** Throws a TypeError unless the value is a Context made by this module. */
export function requireContext(context: unknown): asserts context is Context {
  if (!(context instanceof ContextNode)) {
    throw new TypeError("the first argument must be a Context; start from background()");
  }
}

function derive(parent: ContextNode, deadline: number, ending: Ending = {}): [Context, Cancel] {
  const child = new EndingContext(parent, deadline, ending);
  return [child, (cause) => child.end(() => cancelled(cause))];
}

function nodeOf(context: Context): ContextNode {
  requireContext(context);
  return context as ContextNode;
}

function timeoutMs(timeout: Duration): number {
  try {
    return parseDuration(timeout);
  } catch (error) {
    throw new TypeError(`withTimeout takes a duration: ${(error as Error).message}`, { cause: error });
  }
}
