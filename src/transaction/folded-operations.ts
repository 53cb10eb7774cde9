import { background, type Context } from "../core/context.js";
import { StorageFault } from "../core/errors.js";
import type { StoredKey } from "../core/key.js";
import type { Clock } from "../core/runtime.js";
import { headOf, type Head } from "./head.js";
import { runTransaction, WorkFailure, type TransactionRun } from "./run-transaction.js";
import type { TransactionCore } from "./transaction-core.js";

/** A change of one key that may be made together with others in one transaction. */
export interface FoldedOperation<R = unknown> {
  /**
   * Reads, then writes all it writes in one step: when it throws or rejects, it has written nothing. Gives no promise
   * where it has nothing to wait for.
   */
  run(core: TransactionCore): R | Promise<R>;
  /** The items that it will read, so that one read fetches those of all; `nth` of the operations it is folded with. */
  wanted?(head: Head | undefined, nth: number): readonly StoredKey[];
}

/** How the transaction is run; the context is given with each operation. */
export type FoldedRun = Omit<TransactionRun, "ctx" | "retries">;

/** Operations in one transaction: beyond, the others wait longer than the next transaction costs. */
const MOST_FOLDED = 512;
/** An operation joins while the transaction holds less than this part of what the backend takes. */
const FULL = 0.5;
/**
 * A process has one fold of a key under way, a lost one knows from its conflict what it lost to, and making the changes
 * again takes well under a millisecond: two processes that try again at once get through in turns, where one that pauses
 * leaves the key to the other for as long. They hold up nobody who does not change the same key, so they go on until
 * others have had their turns, in whichever process.
 */
const RETRIES = Object.freeze({ maxAttempts: 200, eagerAttempts: 7, longestPauseMs: 32 });
/** Folds that make way for other processes after one has lost against them. */
const COURTEOUS_FOLDS = 32;
/** They let pass this part of the time that their commit took. */
const COURTESY = 0.5;
const LONGEST_COURTESY_MS = 32;

/**
 * Changes of one key by concurrent calls of this process, folded into few transactions: while one is under way, those
 * that come wait, and the next transaction makes all their changes in the order of the calls. Each keeps its own result
 * or its own error. Without it they would conflict, and all but one try again.
 */
export class FoldedOperations {
  readonly #lanes = new Map<string, Lane>();

  /**
   * Makes the change as soon as those of the same key before it are made.
   *
   * @returns what the operation resolves or rejects with, once it is committed. When `ctx` ends first, rejects with its
   * fault: without effect as long as the operation waits, with `outcome: "unknown"` from then on.
   */
  run<R>(run: FoldedRun, ctx: Context, key: string, operation: FoldedOperation<R>): Promise<R> {
    const over = ctx.err();
    if (over !== undefined) return Promise.reject(over);
    const name = `${run.namespace}\0${key}`;
    return new Promise<R>((resolve, reject) => {
      const waiting = new Waiting(run, ctx, key, operation, resolve as (result: unknown) => void, reject);
      const lane = this.#lanes.get(name);
      if (lane !== undefined) lane.queue.push(waiting);
      else void this.#work(name, new Lane(waiting));
    });
  }

  /** Keys that are being changed. */
  get size(): number {
    return this.#lanes.size;
  }

  async #work(name: string, lane: Lane): Promise<void> {
    this.#lanes.set(name, lane);
    // In the step of the last look at the queue, or whoever comes in between would wait for ever.
    while (lane.queue.length > 0) await lane.fold();
    this.#lanes.delete(name);
  }
}

/** The changes of one key. */
class Lane {
  readonly queue: Waiting[];
  readonly #run: FoldedRun;
  #courteousFolds = 0;

  constructor(first: Waiting) {
    this.queue = [first];
    this.#run = first.run;
  }

  /** Carries out the first of those that wait, and lets pass what is due before the next. */
  async fold(): Promise<void> {
    const taken = this.queue.splice(0, MOST_FOLDED).filter(({ isOver }) => !isOver);
    const [first] = taken;
    if (first === undefined) return;
    const course = new Course();
    const left = await together(taken, taken.length === 1 ? first.ctx : background(), course);
    this.queue.unshift(...left);
    if (course.tries > 1) this.#courteousFolds = COURTEOUS_FOLDS;
    await this.#makeWay(course, taken.length - left.length);
  }

  /**
   * Whoever has just committed is ahead of those who lost against it, and would win again and again. A process that has
   * met others on the key gives them a start before its next commit. Elsewhere those who were just answered may come again
   * at once: the next transaction then takes all of them.
   */
  async #makeWay({ commitMs }: Course, carried: number): Promise<void> {
    if (this.#courteousFolds > 0) {
      this.#courteousFolds -= 1;
      const { timers } = this.#run;
      await new Promise<void>((resolve) =>
        timers.after(Math.min(commitMs * COURTESY, LONGEST_COURTESY_MS), resolve, true),
      );
    } else if (carried + this.queue.length > 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }
}

/** How the transaction of a fold went. */
class Course {
  tries = 0;
  #clock: Clock | undefined;
  #begunAt = 0;

  /** Another try begins. */
  begin(clock: Clock): void {
    this.tries += 1;
    this.#clock = clock;
    this.#begunAt = clock.monotonic();
  }

  /** Milliseconds since the last try began. */
  get commitMs(): number {
    return this.#clock === undefined ? 0 : this.#clock.monotonic() - this.#begunAt;
  }
}

/** One call that waits for its change. */
class Waiting {
  readonly run: FoldedRun;
  readonly ctx: Context;
  readonly key: string;
  readonly operation: FoldedOperation;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #forget: () => void = nothing;
  /** Its change is part of a transaction under way. */
  isBegun = false;
  /** That transaction is its own, runs under its context, and says itself when that has ended. */
  isAlone = false;
  isOver = false;
  #settle: (() => void) | undefined;

  constructor(
    run: FoldedRun,
    ctx: Context,
    key: string,
    operation: FoldedOperation,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.run = run;
    this.ctx = ctx;
    this.key = key;
    this.operation = operation;
    this.#resolve = resolve;
    this.#reject = reject;
    // A context that is over by now gives up at once, before there is anything to forget.
    if (ctx.canEnd) this.#forget = ctx.onDone(() => this.#giveUp());
  }

  /** Keeps how the operation went until it is known whether the transaction commits. Without a wait where it needs none. */
  try(core: TransactionCore): Promise<void> | undefined {
    this.isBegun = true;
    try {
      const result = this.operation.run(core);
      if (result instanceof Promise) return this.#tryWaiting(result);
      this.#settle = () => this.#resolve(result);
    } catch (error) {
      this.#keepError(error);
    }
    return undefined;
  }

  async #tryWaiting(made: Promise<unknown>): Promise<void> {
    try {
      const result = await made;
      this.#settle = () => this.#resolve(result);
    } catch (error) {
      this.#keepError(error);
    }
  }

  /** A conflict is that of the whole transaction. */
  #keepError(error: unknown): void {
    if (isConflict(error)) throw error;
    this.#settle = () => this.#reject(error);
  }

  committed(): void {
    this.#end();
    this.#settle?.();
  }

  failed(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.isOver = true;
    this.#forget();
  }

  #giveUp(): void {
    const fault = this.ctx.err();
    if (fault === undefined || this.isOver || this.isAlone) return;
    this.failed(this.isBegun ? unknownOutcome(fault) : fault);
  }
}

/** Carries operations out in one transaction; answers those that had no room in it. */
async function together(taken: readonly Waiting[], ctx: Context, course: Course): Promise<Waiting[]> {
  const [first] = taken as [Waiting];
  first.isAlone = taken.length === 1;
  let joined: readonly Waiting[] = [];
  try {
    await runTransaction({ ...first.run, retries: RETRIES, ctx }, async (core) => {
      course.begin(core.services.clock);
      joined = [];
      joined = await join(core, taken);
    });
    for (const waiting of joined) waiting.committed();
  } catch (failure) {
    const error = failure instanceof WorkFailure ? failure.error : failure;
    if (taken.length > 1 && isTooLarge(error)) await oneByOne(taken, course);
    else for (const waiting of taken) waiting.failed(error);
  }
  return taken.filter(({ isOver }) => !isOver);
}

/** Runs operations in a transaction, one after the other; answers those that it holds. */
async function join(core: TransactionCore, taken: readonly Waiting[]): Promise<Waiting[]> {
  const joined: Waiting[] = [];
  const room = core.services.backend.info.limits.maxBatchEntries * FULL;
  await prefetch(core, taken);
  for (const waiting of taken) {
    if (waiting.isOver) continue;
    if (joined.length > 0 && core.writes >= room) break;
    joined.push(waiting);
    const made = waiting.try(core);
    if (made !== undefined) await made;
  }
  return joined;
}

async function prefetch(core: TransactionCore, taken: readonly Waiting[]): Promise<void> {
  if (taken.length === 1) return;
  const { key } = taken[0] as Waiting;
  const head = headOf(core.services.source, await core.read(key));
  const items = taken.flatMap(({ operation }, nth) => operation.wanted?.(head, nth) ?? []);
  await core.items.prefetch(key, head?.incarnation, items);
}

async function oneByOne(taken: readonly Waiting[], course: Course): Promise<void> {
  for (const waiting of taken) if (!waiting.isOver) await together([waiting], waiting.ctx, course);
}

function isConflict(error: unknown): boolean {
  return error instanceof StorageFault && error.reason === "conflict";
}

/** What is too large together may still do one by one. */
function isTooLarge(error: unknown): boolean {
  return error instanceof StorageFault && error.reason === "too-large";
}

function unknownOutcome(fault: StorageFault): StorageFault {
  const message = `${fault.message} while the change was under way; read to see whether it took effect`;
  const { reason, retryable } = fault;
  return new StorageFault(reason, message, { outcome: "unknown", retryable, cause: fault });
}

function nothing(): void {
  // Nothing listens.
}
