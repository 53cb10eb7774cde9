import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import { isLocked, sqliteFault } from "./sqlite-errors.js";

const FIRST_DELAY_MS = 0.5;
const LONGEST_DELAY_MS = 20;

/** For whom is being waited: a context, or several as one. */
export type Waiting = Pick<Context, "remainingMs" | "err">;

export interface BusyRetrySetup {
  /** How long to try when the context has no deadline. */
  readonly timeoutMs: number;
  readonly uniform: () => number;
  /** What failed, for messages. */
  readonly doing: string;
}

/**
 * Runs synchronous work on the database, again and again while others hold it locked, until the deadline. The driver's own
 * waiting would stop the event loop; this one waits beside it, for a random and growing time, so that processes that
 * met once do not meet for ever.
 *
 * @throws StorageFault `busy` at the deadline, the context's fault when it is over, or what the work's error means.
 */
export async function withRetry<T>(
  waiting: Waiting,
  { timeoutMs, uniform, doing }: BusyRetrySetup,
  work: () => T,
): Promise<T> {
  const untilMs = waiting.remainingMs() === Infinity ? performance.now() + timeoutMs : Infinity;
  for (let tries = 0; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() >= untilMs) throw sqliteFault(error, doing);
    }
    await delay(uniform() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** tries));
    const over = waiting.err();
    if (over !== undefined) throw over;
  }
}
