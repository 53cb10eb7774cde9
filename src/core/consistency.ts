import { ContextKey, withValue, type Context } from "./context.js";

/** `strong`: every read goes to the backend; `cached`: the cache may answer within its staleness bound. */
export type Consistency = "cached" | "strong";

const CONSISTENCY = new ContextKey<Consistency>("consistency");

/** A child context whose reads have this consistency, whatever the configuration says. */
export function withConsistency(parent: Context, consistency: Consistency): Context {
  return withValue(parent, CONSISTENCY, consistency);
}

export function consistencyOf(ctx: Context): Consistency | undefined {
  return ctx.value(CONSISTENCY);
}
