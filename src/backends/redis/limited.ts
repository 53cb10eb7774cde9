import type { Context } from "../../core/context.js";

/** Runs something under the deadline of a call. */
export type Limited = <T>(ctx: Context, run: (limit: Context) => Promise<T>) => Promise<T>;
