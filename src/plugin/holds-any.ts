import type { Backend } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { KeyRange } from "../core/range.js";

/** Whether a namespace holds anything in a range; what has expired does not count. */
export async function holdsAny(
  backend: Backend,
  ctx: Context,
  namespace: string,
  range: KeyRange,
): Promise<boolean> {
  for await (const { count } of backend.scan(ctx, namespace, range, { want: "count", limit: 1 }))
    if (count > 0) return true;
  return false;
}
