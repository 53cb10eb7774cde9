import type { PostgresNames } from "./postgres-names.js";
import type { Statement } from "./postgres-pool.js";
import type { StoreFunctions } from "./postgres-schema-sql.js";

/** Bytes of records in one answer of `changes`, at least one record. */
const CHANGES_BYTES = 8 * 1024 * 1024;
const CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000)::double precision";

/** The statements of one store. All of an answer is one statement's, so that it is one snapshot. */
export interface PostgresStatements {
  /** $1 namespace, $2 keys in one, $3 and $4 where they stand. */
  readonly read: (wantsValues: boolean) => Statement;
  /** $1 namespace, $2 start, $3 end, $4 limit, $5 most bytes. */
  readonly page: (
    want: "values" | "headers" | "keys",
    reverse: boolean,
    includesExpired: boolean,
  ) => Statement;
  /** $1 namespace, $2 start, $3 end, $4 limit. */
  readonly count: Statement;
  /** $1 namespace, $2 ordinal, $3 id, $4 limit. */
  readonly changes: Statement;
  /** $1 after which name, $2 limit. */
  readonly namespaces: (isFirst: boolean) => Statement;
  /** $1 limit. */
  readonly expired: Statement;
  /** $1 limit. */
  readonly reclaim: Statement;
  /** `on` or `off`. */
  readonly readOnly: Statement;
  /** Writes something that must be durable, and with it all that was committed before. */
  readonly flush: Statement;
  readonly commit: Statement;
  readonly recall: Statement;
}

export function postgresStatements(names: PostgresNames, functions: StoreFunctions): PostgresStatements {
  const { entries, log } = names;
  const state = stateOf(log);
  return {
    read: (wantsValues) =>
      named(names, wantsValues ? "read_values" : "read_headers", readText(names, wantsValues)),
    page: (want, reverse, includesExpired) =>
      named(
        names,
        `page_${want}${reverse ? "_back" : ""}${includesExpired ? "_all" : ""}`,
        pageText(names, want, reverse, includesExpired),
      ),
    count: named(
      names,
      "count",
      `${state} SELECT NULL::bytea, c.now, l.ordinal, l.id, (SELECT count(*) FROM (
        SELECT 1 FROM ${entries} t WHERE ${inSpace} AND t.key >= $2 AND t.key < $3 AND ${isLive} LIMIT $4) found)
      FROM clock c LEFT JOIN last l ON true`,
    ),
    changes: named(names, "changes", changesText(log)),
    namespaces: (isFirst) => named(names, isFirst ? "names_first" : "names", namespacesText(names, isFirst)),
    expired: named(
      names,
      "expired",
      `SELECT t.namespace, t.key, t.version, t.incarnation FROM ${entries} t
      WHERE t.expires_at <= (SELECT ${CLOCK}) AND t.generation = ${generationOf(log, "t.namespace")}
      ORDER BY t.expires_at LIMIT $1`,
    ),
    reclaim: named(names, "reclaim", reclaimText(names)),
    readOnly: named(names, "read_only", "SELECT current_setting('transaction_read_only')"),
    flush: named(names, "flush", FLUSH),
    commit: named(names, "commit", callText(functions.commit.name, COMMIT_PARAMETERS)),
    recall: named(names, "recall", callText(functions.recall.name, RECALL_PARAMETERS)),
  };
}

/**
 * A transaction of one message to nobody, under the server's own setting where that waits for the log. One that wrote
 * nothing to the log would not wait for it.
 */
const FLUSH = `SELECT set_config('synchronous_commit', CASE reset_val WHEN 'off' THEN 'on' ELSE reset_val END, true),
    pg_logical_emit_message(true, 'holdfast', '')
  FROM pg_settings WHERE name = 'synchronous_commit'`;
const COMMIT_PARAMETERS = 45;
const RECALL_PARAMETERS = 7;

function callText(name: string, parameters: number): string {
  const list = Array.from({ length: parameters }, (_, i) => `$${i + 1}`).join(", ");
  return `SELECT * FROM ${name}(${list})`;
}

function named({ table }: PostgresNames, name: string, text: string): Statement {
  return { name: `holdfast_${table}_${name}`, text };
}

/** Scalar subqueries, not joins: with them the planner knows that the index gives the order of keys. */
const inSpace = "t.namespace = $1 AND t.generation = (SELECT generation FROM last)";
const isLive = "(t.expires_at IS NULL OR t.expires_at > (SELECT now FROM clock))";

function stateOf(log: string): string {
  return `WITH last AS MATERIALIZED (
      SELECT ordinal, id, at, generation FROM ${log} WHERE namespace = $1 ORDER BY ordinal DESC LIMIT 1),
    clock AS MATERIALIZED (SELECT greatest(${CLOCK}, (SELECT at FROM last)) AS now)`;
}

function generationOf(log: string, namespace: string): string {
  return `(SELECT l.generation FROM ${log} l WHERE l.namespace = ${namespace} ORDER BY l.ordinal DESC LIMIT 1)`;
}

/** Columns: number, clock or expiry, ordinal or bytes, id or version, type, incarnation, value. */
function readText({ entries, log }: PostgresNames, wantsValues: boolean): string {
  return `${stateOf(log)}
    SELECT NULL::bigint, c.now, l.ordinal, l.id, NULL::smallint, NULL::text, NULL::bytea
    FROM clock c LEFT JOIN last l ON true
    UNION ALL
    SELECT k.number - 1, t.expires_at, t.bytes, t.version, t.type, t.incarnation, t.value
    FROM unnest($3::integer[], $4::integer[]) WITH ORDINALITY AS k(at, len, number)
    CROSS JOIN LATERAL (
      SELECT t.expires_at, octet_length(t.value)::bigint AS bytes, t.version, t.type, t.incarnation,
        ${wantsValues ? "t.value" : "NULL::bytea AS value"}
      FROM ${entries} t WHERE ${inSpace} AND t.key = substring($2::bytea FROM k.at FOR k.len) AND ${isLive} LIMIT 1
    ) t`;
}

/** Columns: key, clock or expiry, ordinal or bytes, id or version, type, incarnation, value, candidates. */
function pageText(
  { entries, log }: PostgresNames,
  want: string,
  reverse: boolean,
  includesExpired: boolean,
): string {
  const order = reverse ? "DESC" : "ASC";
  const value = want === "values" ? "t.value" : "NULL::bytea AS value";
  return `${stateOf(log)}
    SELECT NULL::bytea, c.now, l.ordinal, l.id, NULL::smallint, NULL::text, NULL::bytea, NULL::bigint
    FROM clock c LEFT JOIN last l ON true
    UNION ALL
    (SELECT p.key, p.expires_at, p.bytes::bigint, p.version, p.type, p.incarnation, p.value, p.candidates FROM (
      SELECT q.*, sum(q.bytes) OVER (ORDER BY q.key ${order}) - q.bytes AS before, count(*) OVER () AS candidates FROM (
        SELECT t.key, t.expires_at, octet_length(t.value) AS bytes, t.version, t.type, t.incarnation, ${value}
        FROM ${entries} t
        WHERE ${inSpace} AND t.key >= $2 AND t.key < $3 ${includesExpired ? "" : `AND ${isLive}`}
        ORDER BY t.key ${order} LIMIT $4) q
      ) p WHERE ${want === "values" ? "p.before < $5" : "$5::bigint > 0"} ORDER BY p.key ${order})`;
}

/** Columns: ordinal, id, previous, clock, record, effects; in the first row whether the position is known. */
function changesText(log: string): string {
  const isAt = (ordinal: string, column: string): string =>
    `EXISTS (SELECT 1 FROM ${log} WHERE namespace = $1 AND ordinal = ${ordinal} AND ${column} = $3)`;
  return `WITH last AS MATERIALIZED (
      SELECT ordinal, id FROM ${log} WHERE namespace = $1 ORDER BY ordinal DESC LIMIT 1)
    SELECT l.ordinal, l.id, NULL::text, NULL::double precision, NULL::bytea, ($2::bigint IS NULL
      OR ${isAt("$2", "id")} OR ${isAt("$2 + 1", "previous")}
      OR ($2 = 0 AND $3::text = '' AND l.ordinal IS NULL))::text
    FROM (SELECT 1) one LEFT JOIN last l ON true
    UNION ALL
    (SELECT p.ordinal, p.id, p.previous, p.at, p.record, p.effects FROM (
      SELECT q.*, sum(octet_length(q.record)) OVER (ORDER BY q.ordinal) - octet_length(q.record) AS before FROM (
        SELECT ordinal, id, previous, at, record, effects FROM ${log}
        WHERE namespace = $1 AND ordinal > coalesce($2, 0) ORDER BY ordinal LIMIT $4) q
      ) p WHERE p.before < ${CHANGES_BYTES} ORDER BY p.ordinal)`;
}

/** From name to name by looks into the index: the log of one namespace may be long. */
function namespacesText({ entries, log }: PostgresNames, isFirst: boolean): string {
  const next = (after: string): string =>
    `SELECT namespace FROM ${log} WHERE namespace ${after} ORDER BY namespace LIMIT 1`;
  return `WITH RECURSIVE names AS (
      (${next(isFirst ? ">= $1" : "> $1")})
      UNION ALL
      SELECT (${next("> n.namespace")}) FROM names n WHERE n.namespace IS NOT NULL)
    SELECT names.namespace FROM names WHERE names.namespace IS NOT NULL AND EXISTS (
      SELECT 1 FROM ${entries} t
      WHERE t.namespace = names.namespace AND t.generation = ${generationOf(log, "names.namespace")})
    LIMIT $2`;
}

/** Each slice begins behind the last one: rows deleted but not yet vacuumed would be passed again and again. */
function reclaimText({ entries, left }: PostgresNames): string {
  return `WITH old AS (
      SELECT namespace, generation, done FROM ${left} ORDER BY namespace, generation LIMIT 1 FOR UPDATE SKIP LOCKED),
    doomed AS (
      SELECT t.ctid, t.key FROM ${entries} t
      WHERE t.namespace = (SELECT namespace FROM old) AND t.generation = (SELECT generation FROM old)
        AND t.key > (SELECT done FROM old)
      ORDER BY t.key LIMIT $1),
    deleted AS (
      DELETE FROM ${entries} t WHERE t.ctid = ANY (ARRAY (SELECT ctid FROM doomed)) RETURNING t.key),
    moved AS (
      UPDATE ${left} l SET done = (SELECT key FROM deleted ORDER BY key DESC LIMIT 1) FROM old
      WHERE l.namespace = old.namespace AND l.generation = old.generation AND (SELECT count(*) FROM deleted) >= $1),
    finished AS (
      DELETE FROM ${left} l USING old
      WHERE l.namespace = old.namespace AND l.generation = old.generation AND (SELECT count(*) FROM deleted) < $1)
    SELECT count(*) FROM old`;
}
