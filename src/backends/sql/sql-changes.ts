import { withCancel, type Context } from "../../core/context.js";
import type { Clock } from "../../core/runtime.js";
import type { ChangesOptions, ChangesResult, Position } from "../backend.js";
import type { ChangeSignal } from "../local/change-signal.js";
import type { Lifecycle } from "../local/lifecycle.js";
import { callContext } from "./call-context.js";
import { decodeChange } from "./change-record.js";
import type { LogExtract, SqlStore } from "./sql-store.js";

/** What following a log runs on. */
export interface Followed {
  readonly store: SqlStore;
  readonly lifecycle: Lifecycle;
  readonly signal: ChangeSignal;
  readonly clock: Clock;
  /** Deadline of one look into the log when the context has none. */
  readonly timeoutMs: number;
}

/**
 * The `changes` of the contract. A wait begins before the look into the log, so that a commit in between ends it, and
 * ends with another look, so that a signal that was lost costs time and no change.
 */
export async function changesAfter(
  followed: Followed,
  ctx: Context,
  namespace: string,
  after: Position | undefined,
  { limit, waitMs = 0 }: ChangesOptions,
): Promise<ChangesResult> {
  const { lifecycle, signal, clock, store } = followed;
  const until = clock.monotonic() + waitMs;
  for (;;) {
    lifecycle.check(ctx);
    const leftMs = waitMs > 0 ? until - clock.monotonic() : 0;
    if (leftMs <= 0) return await look(followed, ctx, namespace, after, limit);
    await bounded(followed, ctx, (call) => store.listen(call));
    const [waiting, stop] = withCancel(ctx);
    try {
      const woken = signal.wait(waiting, namespace, Math.min(leftMs, store.pollMs));
      const result = await look(followed, ctx, namespace, after, limit);
      if (result.lost || result.changes.length > 0) return result;
      await woken;
    } finally {
      stop();
    }
  }
}

async function look(
  followed: Followed,
  ctx: Context,
  namespace: string,
  after: Position | undefined,
  limit: number,
): Promise<ChangesResult> {
  return resultOf(
    after,
    await bounded(followed, ctx, (call) => followed.store.changes(call, namespace, after, limit)),
  );
}

function resultOf(after: Position | undefined, { state, known, rows }: LogExtract): ChangesResult {
  const end = { ordinal: state.ordinal, id: state.id };
  if (!known) return { lost: true, position: end };
  const changes = rows.map(decodeChange);
  return { lost: false, changes, position: changes.at(-1)?.position ?? after ?? end };
}

async function bounded<T>(
  { timeoutMs, lifecycle }: Followed,
  ctx: Context,
  ask: (call: Context) => Promise<T>,
): Promise<T> {
  const [call, end] = callContext(ctx, timeoutMs);
  try {
    return await ask(call);
  } catch (error) {
    // A server that was let go under a call is no failure of the server.
    lifecycle.checkOpen();
    throw error;
  } finally {
    end();
  }
}
