import type { KeyRange } from "../../core/range.js";
import type { Position } from "../backend.js";
import { RANGE_END } from "../sql/commit-plan.js";
import type { PageWish } from "../sql/sql-store.js";
import type { MysqlNames } from "./mysql-names.js";

/** A statement, prepared once for each connection, and what stands for its question marks. */
export interface Question {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Bytes of records in one answer of `changesAfter`, at least one record. */
const CHANGES_BYTES = 8 * 1024 * 1024;
/** Milliseconds when the statement began, the same for all of it. */
const CLOCK = "UNIX_TIMESTAMP(NOW(6)) * 1e3";

/**
 * A namespace in one of its generations. The generation is a parameter, not a subquery, and the first row of an answer says
 * which one is right: whoever asked with another asks again. Only of values that it knows before does the server see that
 * the index gives a range and its order.
 */
export interface Place {
  readonly namespace: Buffer;
  readonly generation: number;
}

/** Texts in one buffer, and where each stands in it, as JSON: offset from 1 and length. */
export interface Packed {
  readonly data: Buffer;
  readonly places: string;
}

/** Its value: the places. */
const PACKED = `JSON_TABLE(?, '$[*]' COLUMNS (
      number FOR ORDINALITY, at INTEGER PATH '$[0]', length INTEGER PATH '$[1]')) w`;

/** One value: the namespace. Columns as an entry's: null, id, generation, null, clock, ordinal, null, then `more`. */
function state({ log }: MysqlNames, more = ""): string {
  return `SELECT NULL, l.id, l.generation, NULL, GREATEST(${CLOCK}, COALESCE(l.at, 0)), l.ordinal, NULL${more}
    FROM (SELECT 1) one LEFT JOIN (
      SELECT ordinal, id, at, generation FROM ${log} WHERE namespace = ? ORDER BY ordinal DESC LIMIT 1) l ON TRUE`;
}

/** One value: the namespace. */
function isLive({ log }: MysqlNames): string {
  return `(t.expires_at IS NULL OR t.expires_at > GREATEST(${CLOCK}, COALESCE(
    (SELECT l.at FROM ${log} l WHERE l.namespace = ? ORDER BY l.ordinal DESC LIMIT 1), 0)))`;
}

/** Columns: number of the key, version, type, incarnation, expiry, bytes, value; first the state. */
export function readEntries(
  names: MysqlNames,
  { namespace, generation }: Place,
  keys: Packed,
  wantsValues: boolean,
): Question {
  const text = `${state(names)} UNION ALL
    SELECT w.number - 1, t.version, t.type, t.incarnation, t.expires_at, t.bytes, ${wantsValues ? "t.value" : "NULL"}
    FROM ${PACKED}
    STRAIGHT_JOIN ${names.entries} t FORCE INDEX (PRIMARY)
    ON t.namespace = ? AND t.generation = ? AND t.k = SUBSTRING(?, w.at, w.length)
    WHERE ${isLive(names)}`;
  return { text, values: [namespace, keys.places, namespace, generation, keys.data, namespace] };
}

/** Columns: key, version, type, incarnation, expiry, bytes, value, candidates; first the state, the others in any order. */
export function readPage(names: MysqlNames, place: Place, range: KeyRange, wish: PageWish): Question {
  const { namespace, generation } = place;
  const found = firstEntries(names, place, range, wish);
  const header = "SELECT t.k, t.version, t.type, t.incarnation, t.expires_at, t.bytes";
  if (wish.want !== "values") {
    const text = `${state(names, ", NULL")} UNION ALL (${header}, NULL, NULL ${found.text})`;
    return { text, values: [namespace, ...found.values] };
  }
  // Bytes are summed up before values are read: only those of the page are.
  const text = `${state(names, ", NULL")} UNION ALL
    ${header}, t.value, p.candidates FROM (
      SELECT q.k, COUNT(*) OVER () AS candidates,
        SUM(q.bytes) OVER (ORDER BY q.k ${wish.reverse ? "DESC" : "ASC"}) - q.bytes AS ahead
      FROM (SELECT t.k, t.bytes ${found.text}) q) p
    STRAIGHT_JOIN ${names.entries} t FORCE INDEX (PRIMARY) ON t.namespace = ? AND t.generation = ? AND t.k = p.k
    WHERE p.ahead < ?`;
  return { text, values: [namespace, ...found.values, namespace, generation, wish.maxBytes] };
}

/** The state with one column more: how many live entries there are, up to the limit. */
export function countEntries(names: MysqlNames, place: Place, range: KeyRange, limit: number): Question {
  const found = firstEntries(names, place, range, { limit, reverse: false });
  const text = state(names, `, (SELECT COUNT(*) FROM (SELECT t.k ${found.text}) found)`);
  return { text, values: [...found.values, place.namespace] };
}

function firstEntries(
  names: MysqlNames,
  { namespace, generation }: Place,
  { start, end }: KeyRange,
  { limit, reverse, includesExpired = false }: Pick<PageWish, "limit" | "reverse" | "includesExpired">,
): Question {
  const text = `FROM ${names.entries} t FORCE INDEX (PRIMARY)
    WHERE t.namespace = ? AND t.generation = ? AND t.k >= ? AND t.k < ?
      ${includesExpired ? "" : `AND ${isLive(names)}`} ORDER BY t.k ${reverse ? "DESC" : "ASC"} LIMIT ?`;
  const bounds = [Buffer.from(start), end === undefined ? Buffer.from(RANGE_END) : Buffer.from(end)];
  return { text, values: [namespace, generation, ...bounds, ...(includesExpired ? [] : [namespace]), limit] };
}

/** Columns: ordinal, id, previous, clock, record, effects; in the first row ordinal, id, and whether `after` is known. */
export function changesAfter(
  { log }: MysqlNames,
  namespace: Buffer,
  after: Position | undefined,
  limit: number,
): Question {
  const ordinal = after?.ordinal ?? 0;
  const text = `SELECT l.ordinal, l.id, NULL, ${after === undefined ? "1" : isKnown(log)}, NULL, NULL
    FROM (SELECT 1) one LEFT JOIN (
      SELECT ordinal, id FROM ${log} WHERE namespace = ? ORDER BY ordinal DESC LIMIT 1) l ON TRUE
    UNION ALL
    SELECT l.ordinal, l.id, l.previous, l.at, l.record, l.effects FROM (
      SELECT q.ordinal, SUM(q.size) OVER (ORDER BY q.ordinal) - q.size AS ahead FROM (
        SELECT ordinal, LENGTH(record) AS size FROM ${log}
        WHERE namespace = ? AND ordinal > ? ORDER BY ordinal LIMIT ?) q) p
    STRAIGHT_JOIN ${log} l ON l.namespace = ? AND l.ordinal = p.ordinal
    WHERE p.ahead < ${CHANGES_BYTES}`;
  const known =
    after === undefined
      ? []
      : [namespace, ordinal, after.id, namespace, ordinal, after.id, ordinal, after.id];
  return { text, values: [...known, namespace, namespace, ordinal, limit, namespace] };
}

/** Columns: number of the namespace, the last ordinal of its log. */
export function lastOrdinals({ log }: MysqlNames, { data, places }: Packed): Question {
  const text = `SELECT w.number - 1, (SELECT l.ordinal FROM ${log} l
      WHERE l.namespace = SUBSTRING(?, w.at, w.length) ORDER BY l.ordinal DESC LIMIT 1)
    FROM ${PACKED}`;
  return { text, values: [data, places] };
}

/** Values: namespace, ordinal, id, namespace, ordinal, id, ordinal, id. */
function isKnown(log: string): string {
  return `(EXISTS (SELECT 1 FROM ${log} WHERE namespace = ? AND ordinal = ? AND id = ?)
    OR EXISTS (SELECT 1 FROM ${log} WHERE namespace = ? AND ordinal = ? + 1 AND previous = ?)
    OR (? = 0 AND ? = '' AND l.ordinal IS NULL))`;
}

/** Columns: a name that has a log, and 1 where it has entries. From name to name by looks into the index. */
export function namesAfter({ entries, log }: MysqlNames, after: string | undefined, limit: number): Question {
  const text = `SELECT g.namespace, EXISTS (SELECT 1 FROM ${entries} t FORCE INDEX (PRIMARY)
      WHERE t.namespace = g.namespace AND t.generation = ${generationOf(log, "g.namespace")})
    FROM (SELECT namespace FROM ${log} WHERE namespace ${after === undefined ? ">=" : ">"} ?
      GROUP BY namespace ORDER BY namespace LIMIT ?) g ORDER BY g.namespace`;
  return { text, values: [Buffer.from(after ?? ""), limit] };
}

/** Columns: namespace, key, version, incarnation. */
export function expiredEntries({ entries, log }: MysqlNames, limit: number): Question {
  const text = `SELECT t.namespace, t.k, t.version, t.incarnation FROM ${entries} t FORCE INDEX (expiry)
    WHERE t.expires_at <= ${CLOCK} AND t.generation = ${generationOf(log, "t.namespace")}
    ORDER BY t.expires_at LIMIT ?`;
  return { text, values: [limit] };
}

function generationOf(log: string, namespace: string): string {
  return `(SELECT l.generation FROM ${log} l WHERE l.namespace = ${namespace} ORDER BY l.ordinal DESC LIMIT 1)`;
}

export function callOf(procedure: string, values: readonly unknown[]): Question {
  return { text: `CALL \`${procedure}\`(${values.map(() => "?").join(", ")})`, values };
}
