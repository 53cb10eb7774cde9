import type { KeyRange } from "../../core/range.js";
import { isEmptyRange } from "../../core/range.js";
import type { StoredKey } from "../../core/key.js";
import type { KeyOnly, ScanWant, Wanted } from "../backend.js";
import type { Breather } from "../files/breather.js";
import { dueAt, hasDue, isExpiredIn } from "./noted-deadlines.js";
import { openEntry, openHeader } from "./entry-record.js";
import { placeOf, placesIn } from "./lmdb-key.js";
import { isLive, type LmdbView } from "./lmdb-view.js";

/** Most entries looked at for one page, and most bytes after which it ends. */
const PAGE_ENTRIES = 512;
const PAGE_KEYS = 2048;
const PAGE_BYTES = 1024 * 1024;
/** Keys counted in one go: some milliseconds. */
const COUNTED_AT_ONCE = 20_000;

/** What is wanted of a page. */
export interface PageRequest {
  readonly namespace: string;
  readonly range: KeyRange;
  readonly reverse: boolean;
  readonly want: Exclude<ScanWant, "count">;
  readonly limit: number;
}

/** Some entries of a range, and the key that the walk has come to when it is not through. */
export interface Walked {
  readonly entries: readonly Wanted<ScanWant>[];
  readonly resumeAfter: StoredKey | undefined;
}

/** The first live entries of a range, or the last with `reverse`. @throws StorageFault for the first damaged one. */
export function walkPage(view: LmdbView, request: PageRequest, now: number): Walked {
  if (request.want === "keys" && !hasDue(view, now)) return walkKeys(view, request);
  const { namespace, range, reverse, want, limit } = request;
  const open = want === "values" ? openEntry : openHeader;
  const entries: Wanted<ScanWant>[] = [];
  let looked = 0;
  let bytes = 0;
  for (const row of view.rows("entries", placesIn(namespace, range, reverse))) {
    const entry = open(namespace, keyOf(namespace, row.key), row.value);
    if (isLive(entry, now)) entries.push(want === "keys" ? { key: entry.key } : entry);
    looked += 1;
    bytes += want === "values" ? row.value.byteLength : 0;
    if (entries.length >= limit || looked >= PAGE_ENTRIES || bytes >= PAGE_BYTES) {
      return { entries, resumeAfter: entry.key };
    }
  }
  return { entries, resumeAfter: undefined };
}

/** While no deadline has passed every key held is live, and no entry is looked at. */
function walkKeys(view: LmdbView, { namespace, range, reverse, limit }: PageRequest): Walked {
  const most = Math.min(limit, PAGE_KEYS);
  const entries: KeyOnly[] = [];
  for (const place of view.keys("entries", { ...placesIn(namespace, range, reverse), limit: most })) {
    entries.push({ key: keyOf(namespace, place) });
  }
  return { entries, resumeAfter: entries.length < most ? undefined : entries.at(-1)?.key };
}

/** The number of live entries of a range, at most `limit`: what is held less what has expired there. */
export async function countLive(
  view: LmdbView,
  request: { readonly namespace: string; readonly range: KeyRange; readonly limit: number },
  now: number,
  breather: Breather,
): Promise<number> {
  const { namespace, range, limit } = request;
  if (isEmptyRange(range)) return 0;
  let expired = 0;
  for (const due of dueAt(view, now)) {
    if (isExpiredIn(due, namespace, range)) expired += 1;
    if (breather.isDue) await breather.breathe();
  }
  const held = await countHeld(view, namespace, range, limit + expired, breather);
  return Math.min(limit, held - expired);
}

async function countHeld(
  view: LmdbView,
  namespace: string,
  range: KeyRange,
  enough: number,
  breather: Breather,
): Promise<number> {
  let places = placesIn(namespace, range);
  for (let count = 0; ; count += COUNTED_AT_ONCE) {
    const next = view.firstKey("entries", { ...places, offset: COUNTED_AT_ONCE });
    if (next === undefined) return count + view.countKeys("entries", places);
    if (count >= enough) return count;
    places = { ...places, start: next };
    if (breather.isDue) await breather.breathe();
  }
}

/** The stored key of a place in a known namespace. */
export function keyOf(namespace: string, place: string): StoredKey {
  return place.slice(placeOf(namespace, "").length);
}
