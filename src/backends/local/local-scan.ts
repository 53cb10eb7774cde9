import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import type { KeyRange } from "../../core/range.js";
import type { ScanOptions, ScanPage, Want } from "../backend.js";
import type { Lifecycle } from "./lifecycle.js";
import type { LocalStore } from "./local-store.js";

/** Pages after which others get their turn of the event loop, however eagerly the caller asks for more. */
const PAGES_PER_TURN = 8;

/** What a scan runs on. */
export interface Scanned {
  readonly lifecycle: Lifecycle;
  /** Asked for each scan: reopening may bring another one. */
  readonly store: LocalStore;
}

/** The `scan` of a backend over the in-process engine; see the contract. */
export async function* scanPages<W extends Want | "count">(
  { lifecycle, store }: Scanned,
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
  const pages = store.scan(namespace, range, options);
  for (let walked = 1, next = pages.next(); next.done !== true; next = pages.next(), walked++) {
    if (next.value.count > 0) yield next.value as ScanPage<W>;
    if (walked % PAGES_PER_TURN === 0) await nextTurn();
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
