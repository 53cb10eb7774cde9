import type { Context } from "../../core/context.js";
import type { Clock } from "../../core/runtime.js";
import type { ChangesOptions, ChangesResult, Position } from "../backend.js";
import type { ChangeSignal } from "./change-signal.js";
import type { Lifecycle } from "./lifecycle.js";
import type { LocalStore } from "./local-store.js";

/** What waiting for changes runs on. */
export interface Followed {
  readonly lifecycle: Lifecycle;
  readonly store: LocalStore;
  readonly signal: ChangeSignal;
  readonly clock: Clock;
}

/** The `changes` of a backend over the in-process engine; see the contract. Closing ends a wait with `closed`. */
export async function changesAfter(
  { lifecycle, store, signal, clock }: Followed,
  ctx: Context,
  namespace: string,
  after: Position | undefined,
  { limit, waitMs = 0 }: ChangesOptions,
): Promise<ChangesResult> {
  const until = clock.monotonic() + waitMs;
  for (;;) {
    lifecycle.check(ctx);
    const result = store.changes(namespace, after, limit);
    const leftMs = waitMs > 0 ? until - clock.monotonic() : 0;
    if (result.lost || result.changes.length > 0 || leftMs <= 0) return result;
    await signal.wait(ctx, namespace, leftMs);
  }
}
