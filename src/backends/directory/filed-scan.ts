import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import type { StoredEntry, StoredHeader } from "../../core/entry.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { ScanOptions, ScanPage } from "../backend.js";
import type { Lifecycle } from "../local/lifecycle.js";
import type { LocalEntry } from "../local/local-entry.js";
import { EntryDamage } from "./entry-damage.js";
import { headerOf } from "./filed-entry.js";
import type { FiledStore } from "./filed-store.js";
import type { IndexView } from "./reading-directory.js";

/** A page is cut when its values are this large. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** What a scan of values runs on. */
export interface FiledScan {
  readonly lifecycle: Lifecycle;
  /** The index as it is now. */
  readonly view: () => IndexView;
  /** Whether the file of an entry was only newer than the view; there is a later one then. */
  readonly isOutdated: (view: IndexView, damage: EntryDamage) => Promise<boolean>;
}

interface FilledPage {
  readonly page: ScanPage;
  /** Of the entry after those of the page. */
  readonly damage: EntryDamage | undefined;
}

/**
 * The `scan` of the contract with values, which come from files. Entries before one whose file is damaged are handed
 * out first.
 */
export async function* valuePages(
  scanned: FiledScan,
  ctx: Context,
  namespace: string,
  range: KeyRange,
  { limit = Infinity, reverse = false }: ScanOptions,
): AsyncGenerator<ScanPage> {
  const { lifecycle } = scanned;
  lifecycle.check(ctx);
  let rest = range;
  for (let left = limit; left > 0 && !isEmptyRange(rest); ) {
    const filled = await nextPage(scanned, namespace, rest, { limit: left, reverse });
    lifecycle.check(ctx);
    if (filled === undefined) return;
    const { page, damage } = filled;
    if (page.count > 0) yield page;
    if (damage !== undefined) throw damage;
    lifecycle.check(ctx);
    left -= page.count;
    rest = rangeBeyond(rest, (page.entries.at(-1) as StoredEntry).key, reverse);
  }
}

/** Pages of the index as pages of headers. */
export async function* headerPages(
  pages: AsyncIterable<ScanPage<"headers">>,
): AsyncGenerator<ScanPage<"headers">> {
  for await (const page of pages) {
    const entries = page.entries.map((entry: StoredHeader) => headerOf(entry as LocalEntry));
    yield { ...page, entries };
  }
}

/** Undefined at the end of the range. */
async function nextPage(
  { view, isOutdated }: FiledScan,
  namespace: string,
  range: KeyRange,
  options: ScanOptions,
): Promise<FilledPage | undefined> {
  const known = new Map<LocalEntry, StoredEntry>();
  for (;;) {
    const now = view();
    const { store, loader } = now;
    const page = await indexPage(store, namespace, range, options);
    if (page === undefined) return undefined;
    const entries = fitting(page.entries as readonly LocalEntry[]);
    const loaded = await loader.loadAll(namespace, entries, known);
    if (loaded === undefined) continue;
    const end = loaded.findIndex((each) => each instanceof EntryDamage);
    const whole = (end === -1 ? loaded : loaded.slice(0, end)) as readonly StoredEntry[];
    const damage = end === -1 ? undefined : (loaded[end] as EntryDamage);
    if (damage !== undefined && (await isOutdated(now, damage))) continue;
    return { page: { ...page, entries: whole, count: whole.length }, damage };
  }
}

async function indexPage(
  store: FiledStore,
  namespace: string,
  range: KeyRange,
  options: ScanOptions,
): Promise<ScanPage | undefined> {
  for (const page of store.scan(namespace, range, options)) {
    if (page.count > 0) return page;
    // Nothing but expired entries so far.
    await nextTurn();
  }
  return undefined;
}

/** The first entries whose values make up a page, one at least. */
function fitting(entries: readonly LocalEntry[]): readonly LocalEntry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, i) => {
    bytes += headerOf(entry).size;
    return i > 0 && bytes > PAGE_BYTES;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
