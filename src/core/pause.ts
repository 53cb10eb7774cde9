import type { Context } from "./context.js";
import type { Timers } from "./runtime.js";

/** Resolves after some milliseconds, or as soon as the context is over. `keepAlive`: see {@link Timers}. */
export async function pause(ctx: Context, timers: Timers, ms: number, keepAlive = false): Promise<void> {
  let stopTimer: (() => void) | undefined;
  let stopListening: (() => void) | undefined;
  await new Promise<void>((resolve) => {
    stopTimer = timers.after(ms, resolve, keepAlive);
    stopListening = ctx.onDone(resolve);
  });
  stopTimer?.();
  stopListening?.();
}
