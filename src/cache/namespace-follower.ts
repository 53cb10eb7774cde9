import type { Backend, ChangesResult, Position } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { pause } from "../core/pause.js";
import type { Runtime } from "../core/runtime.js";
import type { EntryCache } from "./entry-cache.js";
import { FollowedLog } from "./followed-log.js";

/** What following a namespace takes. */
export interface FollowerSetup {
  readonly backend: Backend;
  readonly cache: EntryCache;
  readonly runtime: Runtime;
  readonly maxStalenessMs: number;
}

const PAGE_COMMITS = 1000;
/**
 * An answer waits for a third of the bound, so that even the moment before the second of two confirms again lies well
 * within it.
 */
const WAIT_SHARE = 1 / 3;
/** Between two answers, so that a stream of commits is read in pages and not one by one. */
const PAUSE_SHARE = 1 / 100;
/** After a call that failed. */
const RETRY_SHARE = 1 / 10;
/** A namespace that nobody read for this many times the bound is followed no longer. */
const IDLE_BOUNDS = 10;
/** Answers given between two looks at the clock, which costs as much as an answer. */
const ANSWERS_PER_LOOK = 16;
/** With less of the bound left than this, every answer looks at the clock. */
const LOOK_SHARE = 1 / 10;

/**
 * Keeps reading one namespace's change log, and says whether the cache may answer for it: while the last answer that
 * reached the log's end was asked for less than the bound ago, by the local monotonic clock.
 *
 * It reads on through errors, from where it was: the log itself tells what was missed, or that it was lost.
 */
export class NamespaceFollower {
  readonly log: FollowedLog;
  readonly #setup: FollowerSetup;
  readonly #ctx: Context;
  /** Local monotonic time at which the cache is to be bypassed, unless the log answers before. */
  #trustedUntil: number;
  /** Answers that may be given before the next look at the clock. */
  #unchecked = 0;
  #isUsed = true;
  #usedAt: number;
  #isReading = false;
  /** The log may hold more than was read, so that the next call is not to wait. */
  #isBehind = true;
  #stopTimer: (() => void) | undefined;

  /**
   * @param from where the first answer to be kept stood.
   * @param sentAt local monotonic time when that was asked for.
   * @param ctx over when following is to end for good.
   */
  constructor(setup: FollowerSetup, ctx: Context, namespace: string, from: Position, sentAt: number) {
    this.#setup = setup;
    this.#ctx = ctx;
    this.log = new FollowedLog(namespace, setup.cache, from);
    this.#trustedUntil = sentAt + setup.maxStalenessMs;
    this.#usedAt = sentAt;
    this.#read();
  }

  /** Whether the log is being read; otherwise nothing may be kept, and what was kept waits for the log to confirm it. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Whether the cache may answer; counts as use of the namespace. */
  vouches(): boolean {
    if (this.#unchecked === 0) return this.#look();
    this.#unchecked -= 1;
    return true;
  }

  /** As `vouches`, without counting as use. */
  get isTrusted(): boolean {
    return this.#leftMs() > 0;
  }

  /** Reads on after a time without use. */
  resume(): void {
    this.#isUsed = true;
    if (!this.#isReading && this.#ctx.err() === undefined) this.#read();
  }

  /** An answer is about to be kept; see FollowedLog.expect. */
  expect(position: Position, sentAt: number, furthest: number): void {
    const before = this.#confirmedUntil;
    this.log.expect(position, sentAt, furthest);
    if (this.#confirmedUntil !== before) this.#armTimer();
  }

  /** As `expect`, of a commit that this process made just now. */
  expectOwn(position: Position, sentAt: number): void {
    const before = this.#confirmedUntil;
    this.log.expectOwn(position, sentAt);
    if (this.#confirmedUntil !== before) this.#armTimer();
  }

  /** What the log has not told of is trusted for no longer than the bound either. */
  get #confirmedUntil(): number {
    return Math.min(this.#trustedUntil, this.log.aheadSince + this.#setup.maxStalenessMs);
  }

  #leftMs(): number {
    return this.#confirmedUntil - this.#setup.runtime.clock.monotonic();
  }

  #look(): boolean {
    this.#isUsed = true;
    const leftMs = this.#leftMs();
    if (leftMs > this.#setup.maxStalenessMs * LOOK_SHARE) this.#unchecked = ANSWERS_PER_LOOK;
    return leftMs > 0;
  }

  #read(): void {
    this.#isReading = true;
    this.#armTimer();
    void this.#readOn();
  }

  async #readOn(): Promise<void> {
    const { clock, timers } = this.#setup.runtime;
    this.#isBehind = true;
    while (!this.#isIdle(clock.monotonic())) {
      const pauseMs = await this.#ask();
      if (pauseMs > 0) await pause(this.#ctx, timers, pauseMs);
    }
    this.#isReading = false;
    this.#distrust();
  }

  /** Also when it is to end for good. */
  #isIdle(now: number): boolean {
    if (this.#ctx.err() !== undefined) return true;
    if (this.#isUsed) this.#usedAt = now;
    this.#isUsed = false;
    return now - this.#usedAt >= this.#setup.maxStalenessMs * IDLE_BOUNDS;
  }

  /** Asks once; how long to wait before asking again, in milliseconds. */
  async #ask(): Promise<number> {
    const sentAt = this.#setup.runtime.clock.monotonic();
    const { furthest } = this.log;
    const answer = await this.#nextChanges().catch(nothing);
    if (this.#ctx.err() !== undefined) return 0;
    this.#isBehind = answer === undefined || (!answer.lost && answer.changes.length >= PAGE_COMMITS);
    if (answer === undefined) return this.#share(RETRY_SHARE);
    this.log.take(answer, !this.#isBehind, furthest);
    if (!this.#isBehind) {
      this.#trustedUntil = Math.max(this.#trustedUntil, sentAt + this.#setup.maxStalenessMs);
    }
    this.#armTimer();
    return this.#isBehind ? 0 : this.#share(PAUSE_SHARE);
  }

  async #nextChanges(): Promise<ChangesResult> {
    const waitMs = this.#isBehind ? 0 : this.#share(WAIT_SHARE);
    const { namespace, position } = this.log;
    return this.#setup.backend.changes(this.#ctx, namespace, position, { limit: PAGE_COMMITS, waitMs });
  }

  /** Clears what was allowed without a look at the clock, now and when the time is over. */
  #armTimer(): void {
    this.#unchecked = 0;
    this.#stopTimer?.();
    const leftMs = Math.max(0, this.#leftMs());
    this.#stopTimer = this.#setup.runtime.timers.after(leftMs, () => (this.#unchecked = 0));
  }

  #distrust(): void {
    this.#unchecked = 0;
    this.#trustedUntil = -Infinity;
    this.#stopTimer?.();
  }

  #share(share: number): number {
    return this.#setup.maxStalenessMs * share;
  }
}

function nothing(): undefined {
  return undefined;
}
