import { withLimit, type Cancel, type Context } from "../../core/context.js";

const SECOND_MS = 1000;

/**
 * A child that is over when `operation_timeout` has passed from now, or with the caller's context, whichever is first. Its
 * error tells the two apart: who gave no deadline must not read of one.
 */
export function operationLimit(ctx: Context, timeoutMs: number): [context: Context, cancel: Cancel] {
  return withLimit(ctx, timeoutMs, () => {
    const shown = timeoutMs < SECOND_MS ? `${timeoutMs} ms` : `${timeoutMs / SECOND_MS} s`;
    return (
      `the server did not answer within operation_timeout (${shown}); ` +
      "check that it runs, its address and whether it speaks TLS, or raise operation_timeout"
    );
  });
}
