import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { ReadResult, ScanOptions, ScanPage, ScanWant, Want } from "../backend.js";
import type { Breather } from "../files/breather.js";
import type { Lifecycle } from "../local/lifecycle.js";
import { countLive, walkPage, type PageRequest, type Walked } from "./entry-scan.js";
import type { LmdbEnvironment } from "./lmdb-environment.js";
import { placeOf, splitPlace } from "./lmdb-key.js";
import { isLive, UNWRITTEN, type LmdbView } from "./lmdb-view.js";

/** Keys read in one go; more are read with pauses. */
const READ_AT_ONCE = 256;
const NAMES_PER_PAGE = 512;

/** What reading takes from its backend. */
export interface ReadSource {
  readonly lifecycle: Lifecycle;
  readonly environment: () => LmdbEnvironment;
  /** This process's clock. */
  readonly now: () => number;
  readonly breather: () => Breather;
}

/** The `read` of the contract; `close` waits for it. */
export async function readEntries(
  source: ReadSource,
  namespace: string,
  keys: readonly StoredKey[],
  want: Want,
): Promise<ReadResult> {
  const environment = source.environment();
  if (keys.length <= READ_AT_ONCE) {
    return await environment.read((view) => {
      const { now, position } = standing(source, view, namespace);
      return { entries: keys.map((key) => readOne(view, namespace, key, want, now)), now, position };
    });
  }
  return await source.lifecycle.track(() =>
    environment.readLong((view) => readMany(source, view, namespace, keys, want)),
  );
}

async function readMany(
  source: ReadSource,
  view: LmdbView,
  namespace: string,
  keys: readonly StoredKey[],
  want: Want,
): Promise<ReadResult> {
  const { now, position } = standing(source, view, namespace);
  const breather = source.breather();
  const entries: ReadResult["entries"][number][] = [];
  for (const key of keys) {
    entries.push(readOne(view, namespace, key, want, now));
    if (breather.isDue) await breather.breathe();
  }
  return { entries, now, position };
}

function readOne(view: LmdbView, namespace: string, key: StoredKey, want: Want, now: number) {
  if (want === "values") return view.entry(namespace, key, now);
  const header = view.header(namespace, key);
  // Whoever wants headers alone gets no more: the types say entries, as those of the contract do.
  return (header !== undefined && isLive(header, now) ? header : undefined) as ReadResult["entries"][number];
}

/** The `scan` of the contract: each page of a snapshot of its own, and nothing is held between two. */
export async function* scanPages<W extends ScanWant>(
  source: ReadSource,
  ctx: Context,
  place: { readonly namespace: string; readonly range: KeyRange },
  { limit = Infinity, reverse = false, want }: ScanOptions<W> = {},
): AsyncGenerator<ScanPage<W>> {
  source.lifecycle.check(ctx);
  if (want === "count") {
    yield (await source.lifecycle.track(() => countPage(source, place, limit))) as ScanPage<W>;
    return;
  }
  const breather = source.breather();
  let left = limit;
  let rest: KeyRange | undefined = place.range;
  while (left > 0 && rest !== undefined && !isEmptyRange(rest)) {
    const request: PageRequest = {
      namespace: place.namespace,
      range: rest,
      reverse,
      want: want ?? "values",
      limit: left,
    };
    const { page, resumeAfter } = await source.environment().read((view) => readPage(source, view, request));
    left -= page.count;
    rest = resumeAfter === undefined ? undefined : rangeBeyond(rest, resumeAfter, reverse);
    if (page.count > 0) yield page;
    if (breather.isDue) await breather.breathe();
    source.lifecycle.check(ctx);
  }
}

function readPage(
  source: ReadSource,
  view: LmdbView,
  request: PageRequest,
): { readonly page: ScanPage<ScanWant>; readonly resumeAfter: Walked["resumeAfter"] } {
  const { now, position } = standing(source, view, request.namespace);
  const { entries, resumeAfter } = walkPage(view, request, now);
  return { page: { entries, count: entries.length, now, position }, resumeAfter };
}

function countPage(
  source: ReadSource,
  place: { readonly namespace: string; readonly range: KeyRange },
  limit: number,
): Promise<ScanPage<"count">> {
  return source.environment().readLong(async (view) => {
    const { now, position } = standing(source, view, place.namespace);
    const count = await countLive(view, { ...place, limit }, now, source.breather());
    return { entries: [], count, now, position };
  });
}

/** The clock and the position of a namespace. The clock never stands before that of a commit. */
function standing(source: ReadSource, view: LmdbView, namespace: string) {
  const { now, position } = view.state(namespace) ?? UNWRITTEN;
  return { now: Math.max(source.now(), now), position };
}

/** The `namespaces` of the contract. */
export async function* namePages(source: ReadSource, ctx: Context): AsyncGenerator<readonly string[]> {
  source.lifecycle.check(ctx);
  let after: string | undefined;
  do {
    const from = after;
    const page = await source.environment().read((view) => readNames(view, from));
    if (page.held.length > 0) yield page.held;
    after = page.last;
    await nextTurn();
    source.lifecycle.check(ctx);
  } while (after !== undefined);
}

/** A page of the namespaces that were ever written: those that hold anything, and the last one looked at. */
function readNames(
  view: LmdbView,
  after: string | undefined,
): { readonly held: readonly string[]; readonly last: string | undefined } {
  const start = after === undefined ? "" : placeOf(after, "\0");
  const places = [...view.keys("spaces", { start, end: Buffer.from([0xff]), limit: NAMES_PER_PAGE })];
  if (places.length === 0) view.missed = true;
  const names = places.map((place) => splitPlace(place).namespace);
  const held = names.filter((name) => {
    const first = view.firstKey("entries", { start: placeOf(name, ""), end: `${name}\u0001` });
    return first !== undefined;
  });
  return { held, last: places.length < NAMES_PER_PAGE ? undefined : names.at(-1) };
}
