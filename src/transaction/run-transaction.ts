import type { Conflict } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { StorageFault } from "../core/errors.js";
import { userKey } from "../core/key.js";
import type { CancelTimer, Random, Timers } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import type { ContentionQueue, EndTurn } from "./contention-queue.js";
import { TransactionCore, type TransactionServices } from "./transaction-core.js";

export interface TransactionRun {
  /** Asked for each try: what they read through may have been exchanged meanwhile. */
  readonly services: () => TransactionServices;
  readonly contention: ContentionQueue;
  readonly timers: Timers;
  readonly random: Random;
  readonly ctx: Context;
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly retries: RetryPolicy;
}

/** How a transaction that lost against other commits tries again. */
export interface RetryPolicy {
  /** Tries in all. */
  readonly maxAttempts: number;
  /** Tries, the first included, before one waits for longer than its turn. */
  readonly eagerAttempts: number;
  readonly longestPauseMs: number;
}

/** For work of users, which may take any time and compete with any number of others in this process too. */
export const USUAL_RETRIES = Object.freeze({ eagerAttempts: 2, longestPauseMs: 100 });

const FIRST_PAUSE_MS = 1;

/**
 * Runs `work` in transactions until one commits. After a conflict the next try first waits for its turn on the key it
 * was lost over, and after the eager tries also for a random time up to an exponentially growing bound ("full jitter",
 * M. Brooker, "Exponential Backoff And Jitter", 2015), so that other processes get through too.
 *
 * What `work` throws is passed on only if what it had read still holds; otherwise the error may come from a state that
 * never was, and the run counts as a conflict.
 */
export async function runTransaction<R>(
  run: TransactionRun,
  work: (core: TransactionCore) => R | Promise<R>,
): Promise<R> {
  const { maxAttempts, eagerAttempts } = run.retries;
  let endTurn: EndTurn | undefined;
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(run, work);
      if (outcome.conflicts === undefined) return outcome.result;
      if (attempt >= maxAttempts) throw conflictAfter(attempt, outcome.conflicts);
      endTurn?.();
      endTurn = await run.contention.wait(run.ctx, contendedKey(run.namespace, outcome.conflicts));
      if (attempt >= eagerAttempts) await pause(run, attempt - eagerAttempts + 1);
    }
  } finally {
    endTurn?.();
  }
}

interface Done<R> {
  readonly conflicts?: undefined;
  readonly result: R;
}

interface Lost {
  readonly conflicts: readonly Conflict[];
}

async function attemptOnce<R>(
  run: TransactionRun,
  work: (core: TransactionCore) => R | Promise<R>,
): Promise<Done<R> | Lost> {
  const core = new TransactionCore(run.services(), run.ctx, run.namespace, run.timeoutMs);
  try {
    const result = await work(core);
    return await commitUnlessFinished(core, result);
  } catch (error) {
    if (error instanceof CommitFailure) throw error.fault;
    const conflicts = await conflictsOf(core);
    if (conflicts === undefined) throw new WorkFailure(error);
    return { conflicts };
  } finally {
    core.rollback();
  }
}

/**
 * Work that committed or rolled back by itself has said what it wants. If it caught the conflict of its own commit,
 * its result rests on nothing: that is a conflict too.
 */
async function commitUnlessFinished<R>(core: TransactionCore, result: R): Promise<Done<R> | Lost> {
  if (core.state === "committed" || core.state === "rolled-back") return { result };
  if (core.lostTo !== undefined) return { conflicts: core.lostTo };
  try {
    const conflicts = await core.commit();
    return conflicts === undefined ? { result } : { conflicts };
  } catch (fault) {
    throw new CommitFailure(fault);
  }
}

/** Carries what the user's own work threw past the translation of faults; `error` is passed on as it is. */
export class WorkFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

class CommitFailure {
  readonly fault: unknown;

  constructor(fault: unknown) {
    this.fault = fault;
  }
}

/**
 * The conflicts if what the failed work had read holds no more. When that cannot be found out, the reason is thrown in
 * place of the work's error, which may come from a state that never was.
 */
async function conflictsOf(core: TransactionCore): Promise<readonly Conflict[] | undefined> {
  return core.state === "active" ? core.validate() : core.lostTo;
}

function conflictAfter(attempts: number, conflicts: readonly Conflict[]): StorageFault {
  const [first] = conflicts;
  const details = first !== undefined && "key" in first ? { key: userKey(first.key) } : {};
  const message = `it lost against other commits ${attempts} times; try again later, or let fewer writers share the keys`;
  return new StorageFault("conflict", message, details);
}

function contendedKey(namespace: string, conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  const place = first === undefined ? "" : "key" in first ? first.key : first.range.start;
  return `${namespace}\0${place}`;
}

async function pause(run: TransactionRun, nth: number): Promise<void> {
  const bound = Math.min(run.retries.longestPauseMs, FIRST_PAUSE_MS * 2 ** nth);
  let stop: CancelTimer | undefined;
  const elapsed = new Promise<void>((resolve) => {
    stop = run.timers.after(run.random.uniform() * bound, resolve, true);
  });
  try {
    await settleWithin(run.ctx, elapsed);
  } finally {
    stop?.();
  }
}
