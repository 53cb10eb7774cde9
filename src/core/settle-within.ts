import type { Context } from "./context.js";

/**
 * Settles as `work` does, or rejects with the context's fault once the context is over, whichever is first. The work
 * itself goes on; its outcome is then of no interest here.
 */
export function settleWithin<T>(ctx: Context, work: Promise<T>): Promise<T> {
  if (!ctx.canEnd) return work;
  return new Promise<T>((resolve, reject) => {
    const forget = ctx.onDone(() => {
      const fault = ctx.err();
      if (fault !== undefined) reject(fault);
    });
    work.then(resolve, reject).finally(forget);
  });
}
