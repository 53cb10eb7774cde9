import { background, withTimeout, type Context } from "../../core/context.js";
import { operationLimit } from "../local/operation-limit.js";

/** Ends what a call's own context began; call it when the call has settled. */
export type EndCall = () => void;

const NOTHING: EndCall = () => undefined;

/** The context of one call to a server: the caller's, with a deadline when that has none. */
export function callContext(ctx: Context, timeoutMs: number): [context: Context, end: EndCall] {
  return ctx.remainingMs() === Infinity ? operationLimit(ctx, timeoutMs) : [ctx, NOTHING];
}

/**
 * The context of a call that several callers share: over when the last of their deadlines has passed, or when nobody
 * is left who waits. A caller without a deadline counts as one of `timeoutMs`.
 */
export function jointContext(
  callers: readonly Context[],
  timeoutMs: number,
): [context: Context, end: EndCall] {
  const [ctx, cancel] = longestLimit(callers, timeoutMs);
  if (!callers.every(({ canEnd }) => canEnd)) return [ctx, cancel];
  let left = callers.length;
  const leave = (): void => {
    left -= 1;
    if (left === 0) cancel();
  };
  const stops = callers.map((caller) => caller.onDone(leave));
  return [
    ctx,
    () => {
      for (const stop of stops) stop();
      cancel();
    },
  ];
}

function longestLimit(callers: readonly Context[], timeoutMs: number): [context: Context, end: EndCall] {
  let longestMs = 0;
  let isEndless = false;
  for (const caller of callers) {
    const remainingMs = caller.remainingMs();
    if (remainingMs === Infinity) isEndless = true;
    else longestMs = Math.max(longestMs, remainingMs);
  }
  return isEndless && timeoutMs >= longestMs
    ? operationLimit(background(), timeoutMs)
    : withTimeout(background(), longestMs);
}
