import type { Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { isEmptyRange, type KeyRange } from "../../core/range.js";
import type { ReadResult, ScanOptions, ScanPage, ScanWant, Want } from "../backend.js";
import type { Breather } from "../files/breather.js";
import type { Lifecycle } from "../local/lifecycle.js";
import { textOf } from "./entry-row.js";
import { findNamespace } from "./namespace-row.js";
import { paced } from "./paced.js";
import { countRange } from "./range-sum.js";
import type { ReadGatherer } from "./read-gatherer.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { SqliteStore } from "./sqlite-store.js";
import type { StoreClock } from "./store-clock.js";
import { StoreReads, type PageRequest, type Slice } from "./store-reads.js";

/** Keys read in one statement; more are read with pauses. */
const READ_AT_ONCE = 256;
const NAMES_PER_PAGE = 512;

const names = (
  where: string,
) => `SELECT CAST(name AS BLOB) AS name, EXISTS (SELECT 1 FROM entries WHERE ns = gen) AS held FROM
  (SELECT name, gen FROM namespaces ${where} ORDER BY name LIMIT ${NAMES_PER_PAGE}) ORDER BY name`;
const FIRST_NAMES = names("");
const NEXT_NAMES = names("WHERE name > ?");

/** What reading takes from its backend. */
export interface ReadSource {
  readonly lifecycle: Lifecycle;
  readonly store: () => SqliteStore;
  readonly gatherer: () => ReadGatherer;
  readonly clock: StoreClock;
  readonly breather: () => Breather;
}

/** The `read` of the contract; `close` waits for it. */
export function readEntries(
  source: ReadSource,
  ctx: Context,
  namespace: string,
  keys: readonly StoredKey[],
  want: Want,
): Promise<ReadResult<Want>> {
  const { lifecycle, clock } = source;
  return lifecycle.run(ctx, async () => {
    const store = source.store();
    if (keys.length === 1) return await source.gatherer().read(ctx, namespace, keys[0] as StoredKey, want);
    if (keys.length > READ_AT_ONCE) {
      return await store.readLong(ctx, (connection) => readMany(source, connection, namespace, keys, want));
    }
    return await store.read(ctx, (connection) => {
      const reads = new StoreReads(connection, clock);
      return connection.view(() => reads.several(namespace, keys, want));
    });
  });
}

async function readMany(
  source: ReadSource,
  connection: SqliteConnection,
  namespace: string,
  keys: readonly StoredKey[],
  want: Want,
): Promise<ReadResult<Want>> {
  const reads = new StoreReads(connection, source.clock);
  const breather = source.breather();
  const { now, position } = reads.moment(findNamespace(connection, namespace));
  const entries: ReadResult<Want>["entries"][number][] = [];
  for (let at = 0; at < keys.length; at += READ_AT_ONCE) {
    entries.push(...reads.several(namespace, keys.slice(at, at + READ_AT_ONCE), want, now).entries);
    if (breather.isDue) await breather.breathe();
  }
  return { entries, now, position };
}

/** The `scan` of the contract: each page of one state of the database, and nothing is held between two. */
export async function* scanPages<W extends ScanWant>(
  source: ReadSource,
  ctx: Context,
  place: { readonly namespace: string; readonly range: KeyRange },
  { limit = Infinity, reverse = false, want }: ScanOptions<W> = {},
): AsyncGenerator<ScanPage<W>> {
  const { lifecycle, clock } = source;
  const wanted: ScanWant = want ?? "values";
  if (wanted === "count") {
    yield (await lifecycle.run(ctx, () => countPage(source, ctx, place, limit))) as ScanPage<W>;
    return;
  }
  lifecycle.check(ctx);
  const breather = source.breather();
  let left = limit;
  let rest: KeyRange | undefined = place.range;
  while (left > 0 && rest !== undefined && !isEmptyRange(rest)) {
    const range: KeyRange = rest;
    const request: PageRequest = { want: wanted, reverse, limit: left };
    const slice: Slice = await lifecycle.run(ctx, () =>
      source
        .store()
        .read(ctx, (connection) => new StoreReads(connection, clock).page(place.namespace, range, request)),
    );
    left -= slice.page.count;
    rest = slice.rest;
    if (slice.page.count > 0) yield slice.page;
    if (breather.isDue) await breather.breathe();
  }
}

function countPage(
  source: ReadSource,
  ctx: Context,
  { namespace, range }: { readonly namespace: string; readonly range: KeyRange },
  limit: number,
): Promise<ScanPage<"count">> {
  return source.store().readLong(ctx, async (connection) => {
    const row = findNamespace(connection, namespace);
    const moment = new StoreReads(connection, source.clock).moment(row);
    if (row === undefined || isEmptyRange(range)) return { entries: [], count: 0, ...moment };
    const count = await paced(countRange(connection, row.gen, range, moment.now, limit), source.breather());
    return { entries: [], count, ...moment };
  });
}

/** The `namespaces` of the contract. */
export async function* namePages(source: ReadSource, ctx: Context): AsyncGenerator<readonly string[]> {
  const breather = source.breather();
  let after: string | undefined;
  do {
    const from = after;
    const rows = await source.lifecycle.run(ctx, () =>
      source
        .store()
        .read(ctx, (connection) =>
          from === undefined ? connection.all(FIRST_NAMES) : connection.all(NEXT_NAMES, [from]),
        ),
    );
    const found = rows.map(([name, held]) => ({ name: textOf(name as Uint8Array), isHeld: held === 1 }));
    const held = found.flatMap(({ name, isHeld }) => (isHeld ? [name] : []));
    if (held.length > 0) yield held;
    after = found.length < NAMES_PER_PAGE ? undefined : found.at(-1)?.name;
    if (breather.isDue) await breather.breathe();
  } while (after !== undefined);
}
