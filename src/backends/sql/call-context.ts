import { background, withTimeout, type Context } from "../../core/context.js";

/** Ends what a call's own context began; call it when the call has settled. */
export type EndCall = () => void;

const NOTHING: EndCall = () => undefined;

/** The context of one call to a server: the caller's, with a deadline when that has none. */
export function callContext(ctx: Context, timeoutMs: number): [context: Context, end: EndCall] {
  return ctx.remainingMs() === Infinity ? withTimeout(ctx, timeoutMs) : [ctx, NOTHING];
}

/**
 * The context of a call that several callers share: over when the last of their deadlines has passed, or when nobody
 * is left who waits. A caller without a deadline counts as one of `timeoutMs`.
 */
export function jointContext(
  callers: readonly Context[],
  timeoutMs: number,
): [context: Context, end: EndCall] {
  const [ctx, cancel] = withTimeout(background(), longest(callers, timeoutMs));
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

function longest(callers: readonly Context[], timeoutMs: number): number {
  let longestMs = 0;
  for (const caller of callers) {
    const remainingMs = caller.remainingMs();
    longestMs = Math.max(longestMs, remainingMs === Infinity ? timeoutMs : remainingMs);
  }
  return longestMs;
}
