import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import type { KeyRange } from "../../core/range.js";
import type { Clock } from "../../core/runtime.js";
import type { ScanOptions, ScanPage, ScanWant } from "../backend.js";
import type { Lifecycle } from "./lifecycle.js";
import type { LocalStore } from "./local-store.js";

/** Others get their turn of the event loop after this long, however eagerly the caller asks for more. */
const TURN_MS = 5;

/** What a scan runs on. */
export interface Scanned {
  readonly lifecycle: Lifecycle;
  /** Asked for each scan: reopening may bring another one. */
  readonly store: LocalStore;
  readonly clock: Clock;
}

/** The `scan` of a backend over the in-process engine; see the contract. */
export async function* scanPages<W extends ScanWant>(
  { lifecycle, store, clock }: Scanned,
  ctx: Context,
  namespace: string,
  range: KeyRange,
  options: ScanOptions<W> = {},
): AsyncGenerator<ScanPage<W>> {
  lifecycle.check(ctx);
  if (options.want === "count") {
    yield store.count(namespace, range, options.limit) as ScanPage<W>;
    return;
  }
  let sinceMs = clock.monotonic();
  for (const page of store.scan(namespace, range, options)) {
    if (page.count > 0) yield page;
    if (clock.monotonic() - sinceMs >= TURN_MS) {
      await nextTurn();
      sinceMs = clock.monotonic();
    }
    lifecycle.check(ctx);
  }
}

/** Names in pages, as `namespaces` of the contract gives them. */
export async function* namePages(
  { lifecycle, store }: Scanned,
  ctx: Context,
): AsyncGenerator<readonly string[]> {
  lifecycle.check(ctx);
  const names = store.namespaces();
  for (let at = 0; at < names.length; at += NAMES_PER_PAGE) {
    yield names.slice(at, at + NAMES_PER_PAGE);
    lifecycle.check(ctx);
  }
}

const NAMES_PER_PAGE = 512;
