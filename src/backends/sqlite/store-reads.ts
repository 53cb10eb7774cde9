import type { StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import {
  START,
  type KeyOnly,
  type Position,
  type ReadResult,
  type ScanPage,
  type ScanWant,
  type Want,
} from "../backend.js";
import { asBuffer, readEntry, readHeader, textOf } from "./entry-row.js";
import { bounds, keyBytes } from "./key-bounds.js";
import { findNamespace, type NamespaceRow } from "./namespace-row.js";
import { INLINE_BYTES, packed, unpack, type PackedRow } from "./packed-rows.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { StoreClock } from "./store-clock.js";

/** Rows looked at for one page; when many have expired, or are large, a page is shorter. */
const PAGE_ROWS = 512;
const KEY_PAGE_ROWS = 2048;
const PAGE_BYTES = 1024 * 1024;

const pointed = (columns: string) =>
  `SELECT ${columns} FROM namespaces n LEFT JOIN entries e ON e.ns = n.gen AND e.key = ? WHERE n.name = ?`;
const POINT = pointed("n.ordinal AS ordinal, n.now AS now, n.tip AS tip, e.head AS head, e.data AS data");
/** The same with its blobs in one, whose handing over costs a driver some microseconds each; too long where data is large. */
const PACKED_POINT = pointed(
  `n.ordinal AS ordinal, n.now AS now, length(n.tip) AS tip_bytes, length(e.head) AS head_bytes, length(e.data) AS data_bytes,
   CAST(n.tip || CASE WHEN length(e.data) <= ${INLINE_BYTES} THEN e.head || e.data ELSE x'' END AS BLOB) AS slab`,
);

const listed = (withData: boolean) =>
  `SELECT ${packed("CAST(place AS BLOB)", withData)} FROM (SELECT j.key AS place, e.head AS head, e.data AS data
   FROM json_each(?) j CROSS JOIN entries e ON e.ns = ? AND e.key = CAST(j.value AS BLOB))`;

const IN_RANGE = "ns = ? AND key >= ? AND key < ?";
const paged = (withData: boolean, order: string) =>
  `SELECT ${packed("key", withData)} FROM
   (SELECT key, head, data FROM entries WHERE ${IN_RANGE} ORDER BY key ${order} LIMIT ?)`;
const keysPaged = (last: string, order: string) =>
  `SELECT count(*) AS rows, ${last}(key) AS last, CAST(json_group_array(CAST(key AS TEXT))
   FILTER (WHERE expires IS NULL OR expires > ?) AS BLOB) AS keys FROM
   (SELECT key, expires FROM entries WHERE ${IN_RANGE} ORDER BY key ${order} LIMIT ?)`;

const SQL = {
  listed: { values: listed(true), headers: listed(false) },
  paged: {
    values: { forward: paged(true, "ASC"), reverse: paged(true, "DESC") },
    headers: { forward: paged(false, "ASC"), reverse: paged(false, "DESC") },
  },
  keys: { forward: keysPaged("max", "ASC"), reverse: keysPaged("min", "DESC") },
  data: "SELECT data FROM entries WHERE ns = ? AND key = ?",
};

/** What an answer says beside its entries. */
export interface Moment {
  readonly now: number;
  readonly position: Position;
}

/** A page, and what is left of the range; undefined when nothing is. */
export interface Slice {
  readonly page: ScanPage<ScanWant>;
  readonly rest: KeyRange | undefined;
}

export interface PageRequest {
  readonly want: Want | "keys";
  readonly reverse: boolean;
  /** Most entries. */
  readonly limit: number;
}

/** Reads on one connection, each of one state of the database. */
export class StoreReads {
  readonly #connection: SqliteConnection;
  readonly #clock: StoreClock;

  constructor(connection: SqliteConnection, clock: StoreClock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  moment(row: NamespaceRow | undefined): Moment {
    return { now: this.#clock.now(row?.now), position: row?.position ?? START };
  }

  /** One key, in one statement: nothing is read more often. */
  one(namespace: string, key: StoredKey, want: Want): ReadResult<Want> {
    const row = this.#connection.get(PACKED_POINT, [keyBytes(key), namespace]);
    if (row === undefined) return { entries: [undefined], ...this.moment(undefined) };
    const [ordinal, committed, tipBytes, headBytes, dataBytes, slab] = row as [
      ...[number, number, number, number | null, number, Uint8Array],
    ];
    if (headBytes !== null && dataBytes > INLINE_BYTES) return this.#oneLarge(namespace, key, want);
    const bytes = asBuffer(slab);
    const point = { ordinal, committed, tip: bytes.subarray(0, tipBytes) };
    if (headBytes === null) return this.#point(point, undefined);
    const head = bytes.subarray(tipBytes, tipBytes + headBytes);
    const data = bytes.subarray(tipBytes + headBytes);
    return this.#point(point, entryOf(namespace, key, head, data, want));
  }

  #oneLarge(namespace: string, key: StoredKey, want: Want): ReadResult<Want> {
    const row = this.#connection.get(POINT, [keyBytes(key), namespace]);
    if (row === undefined) return { entries: [undefined], ...this.moment(undefined) };
    const [ordinal, committed, tip, head, data] = row as [
      ...[number, number, Uint8Array, Uint8Array | null, Uint8Array],
    ];
    const entry = head === null ? undefined : entryOf(namespace, key, head, data, want);
    return this.#point({ ordinal, committed, tip }, entry);
  }

  #point(
    {
      ordinal,
      committed,
      tip,
    }: { readonly ordinal: number; readonly committed: number; readonly tip: Uint8Array },
    entry: StoredEntry | undefined,
  ): ReadResult<Want> {
    const now = this.#clock.now(committed);
    const entries = [entry !== undefined && isLive(entry, now) ? entry : undefined];
    return { entries, now, position: { ordinal, id: textOf(tip) } };
  }

  /** Some keys, in one statement and one state of the database, which the caller holds. @param now when there is one already. */
  several(namespace: string, keys: readonly StoredKey[], want: Want, now?: number): ReadResult<Want> {
    const row = findNamespace(this.#connection, namespace);
    const moment = this.moment(row);
    if (row === undefined) return { entries: keys.map(() => undefined), ...moment };
    const at = now ?? moment.now;
    const entries = this.#held(namespace, row.gen, keys, want);
    return {
      entries: entries.map((entry) => (entry !== undefined && isLive(entry, at) ? entry : undefined)),
      ...moment,
    };
  }

  /** The entries of some keys, live or not, in the order asked. */
  #held(namespace: string, gen: number, keys: readonly StoredKey[], want: Want): (StoredEntry | undefined)[] {
    const entries = new Array<StoredEntry | undefined>(keys.length).fill(undefined);
    const row = this.#connection.get(SQL.listed[want], [JSON.stringify(keys), gen]);
    for (const found of unpack(row ?? [0], want === "values")) {
      const place = Number(textOf(found.key));
      entries[place] = this.#entry(namespace, gen, keys[place] as StoredKey, found, want);
    }
    return entries;
  }

  /** The first entries of a range, or the last. The page may be empty though more is left. */
  page(namespace: string, range: KeyRange, request: PageRequest): Slice {
    return this.#connection.view(() => {
      const row = findNamespace(this.#connection, namespace);
      const moment = this.moment(row);
      if (row === undefined || isEmptyRange(range)) {
        return { page: { entries: [], count: 0, ...moment }, rest: undefined };
      }
      return request.want === "keys"
        ? this.#keyPage(row, range, request, moment)
        : this.#entryPage(namespace, row.gen, range, { ...request, want: request.want }, moment);
    });
  }

  #entryPage(
    namespace: string,
    gen: number,
    range: KeyRange,
    { want, reverse, limit }: PageRequest & { readonly want: Want },
    moment: Moment,
  ): Slice {
    const rows = Math.min(PAGE_ROWS, limit);
    const sql = SQL.paged[want][reverse ? "reverse" : "forward"];
    const row = this.#connection.get(sql, [gen, ...bounds(range), rows]) ?? [0];
    const entries: StoredEntry[] = [];
    let bytes = 0;
    let last: StoredKey | undefined;
    for (const found of unpack(row, want === "values")) {
      last = textOf(found.key);
      const entry = this.#entry(namespace, gen, last, found, want);
      if (isLive(entry, moment.now)) entries.push(entry);
      bytes += want === "values" ? found.dataBytes : 0;
      if (bytes >= PAGE_BYTES) break;
    }
    const isWhole = bytes < PAGE_BYTES && (row[0] as number) < rows;
    const page = { entries, count: entries.length, ...moment };
    return { page, rest: isWhole || last === undefined ? undefined : rangeBeyond(range, last, reverse) };
  }

  #keyPage({ gen }: NamespaceRow, range: KeyRange, { reverse, limit }: PageRequest, moment: Moment): Slice {
    const rows = Math.min(KEY_PAGE_ROWS, limit);
    const sql = SQL.keys[reverse ? "reverse" : "forward"];
    const row = this.#connection.get(sql, [moment.now, gen, ...bounds(range), rows]) as unknown as readonly [
      number,
      Uint8Array | null,
      Uint8Array,
    ];
    const keys = JSON.parse(textOf(row[2])) as StoredKey[];
    const entries: KeyOnly[] = keys.map((key) => ({ key }));
    const page = { entries, count: entries.length, ...moment } as ScanPage<ScanWant>;
    const isWhole = row[0] < rows || row[1] === null;
    return { page, rest: isWhole ? undefined : rangeBeyond(range, textOf(row[1]), reverse) };
  }

  #entry(namespace: string, gen: number, key: StoredKey, found: PackedRow, want: Want): StoredEntry {
    if (want === "headers") {
      return readHeader(namespace, key, found.head, found.dataBytes) as StoredEntry;
    }
    const data = found.data ?? (this.#connection.get(SQL.data, [gen, keyBytes(key)])?.[0] as Uint8Array);
    return readEntry(namespace, key, asBuffer(found.head), data);
  }
}

function entryOf(
  namespace: string,
  key: StoredKey,
  head: Uint8Array,
  data: Uint8Array,
  want: Want,
): StoredEntry {
  if (want === "values") return readEntry(namespace, key, head, data);
  return readHeader(namespace, key, head, data.byteLength) as StoredEntry;
}

export function isLive({ expiresAt }: { readonly expiresAt?: number }, now: number): boolean {
  return expiresAt === undefined || expiresAt > now;
}
