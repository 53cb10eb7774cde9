import type { Context } from "../../core/context.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { ScanOptions, ScanPage, ScanWant } from "../backend.js";
import type { Lifecycle } from "../local/lifecycle.js";
import { callContext } from "./call-context.js";
import { wantedOf } from "./entry-row.js";
import type { EntryRow, NamespaceState, SqlStore } from "./sql-store.js";

/** Entries in a page. */
const PAGE = { values: 512, headers: 1024, keys: 2048 } as const;
const PAGE_BYTES = 4 * 1024 * 1024;

const NAMES_PER_PAGE = 512;

/** What scans run on. */
export interface Scanned {
  readonly store: SqlStore;
  readonly lifecycle: Lifecycle;
  /** Deadline of a page when the context has none. */
  readonly timeoutMs: number;
}

/** The `scan` of the contract: page after page, each from behind the last key of the one before. */
export async function* scanPages<W extends ScanWant>(
  scanned: Scanned,
  ctx: Context,
  namespace: string,
  range: KeyRange,
  { limit = Number.MAX_SAFE_INTEGER, reverse = false, want = "values" as W }: ScanOptions<W> = {},
): AsyncGenerator<ScanPage<W>> {
  scanned.lifecycle.check(ctx);
  if (want === "count") {
    yield await countPage<W>(scanned, ctx, namespace, range, limit);
    return;
  }
  const kind: keyof typeof PAGE = want;
  let rest = range;
  for (let left = limit; left > 0 && !isEmptyRange(rest); ) {
    const wish = {
      limit: Math.min(left, PAGE[kind]),
      maxBytes: PAGE_BYTES,
      reverse,
      want: kind,
    };
    const from = rest;
    const { state, rows, isCut } = await call(scanned, ctx, ({ store }, page) =>
      store.page(page, namespace, from, wish),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield pageOf<W>(namespace, state, rows, want);
    if (rows.length < wish.limit && !isCut) return;
    left -= rows.length;
    rest = rangeBeyond(rest, last.key, reverse);
    scanned.lifecycle.check(ctx);
  }
}

function pageOf<W extends ScanWant>(
  namespace: string,
  { now, ordinal, id }: NamespaceState,
  rows: readonly EntryRow[],
  want: W,
): ScanPage<W> {
  const entries = rows.map((row) => wantedOf(namespace, row.key, row, want));
  return { entries, count: entries.length, now, position: { ordinal, id } };
}

async function countPage<W extends ScanWant>(
  scanned: Scanned,
  ctx: Context,
  namespace: string,
  range: KeyRange,
  limit: number,
): Promise<ScanPage<W>> {
  const { state, rows } = await call(scanned, ctx, ({ store }, page) =>
    store.count(page, namespace, isEmptyRange(range) ? { start: "", end: "" } : range, limit),
  );
  const { now, ordinal, id } = state;
  return { entries: [], count: rows[0] ?? 0, now, position: { ordinal, id } };
}

/** The `namespaces` of the contract. */
export async function* namePages(scanned: Scanned, ctx: Context): AsyncGenerator<readonly string[]> {
  scanned.lifecycle.check(ctx);
  for (let after: string | undefined; ; ) {
    const from = after;
    const names = await call(scanned, ctx, ({ store }, page) => store.namespaces(page, from, NAMES_PER_PAGE));
    if (names.length > 0) yield names;
    if (names.length < NAMES_PER_PAGE) return;
    after = names.at(-1);
    scanned.lifecycle.check(ctx);
  }
}

/** One call that `close` waits for, with a deadline of its own. */
async function call<T>(
  scanned: Scanned,
  ctx: Context,
  ask: (scanned: Scanned, page: Context) => Promise<T>,
): Promise<T> {
  const [page, end] = callContext(ctx, scanned.timeoutMs);
  try {
    return await scanned.lifecycle.run(page, () => ask(scanned, page));
  } finally {
    end();
  }
}
