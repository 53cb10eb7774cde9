import { openEnvelope, sealEnvelope } from "../../core/envelope.js";
import { StorageFault } from "../../core/errors.js";
import type { Version } from "../../core/version.js";
import { START, type Change, type ChangedWrite, type ChangesResult, type Position } from "../backend.js";
import { textOf } from "./entry-row.js";
import type { NamespaceRow } from "./namespace-row.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { Row } from "./sqlite-database.js";

/** Commits in one row at most, so that reading some does not read too many others. */
export const ROW_COMMITS = 256;

/** Rows removed at one time; more than one time adds. */
const TRIM_ROWS = 256;

/** Rows read at one time, and how much of them before an answer is given that is not yet everything. */
const READ_ROWS = 64;
const READ_BYTES = 1024 * 1024;

/** Commits of many writes count for more, so that a log of huge batches stays bounded too. */
const WRITES_PER_COMMIT = 16;

/** What the log says of one commit. */
export interface LoggedCommit {
  readonly id: Version;
  readonly writes: readonly ChangedWrite[];
}

/** How much of the past is kept. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

/** What stands in one row of `changes`, as JSON in an envelope: consecutive commits, and the id before the first. */
interface LogRow {
  readonly previous: Version;
  readonly commits: readonly LoggedCommit[];
}

const ROWS = `SELECT last, now, commits FROM changes WHERE ns = ? AND last > ? AND now >= ? ORDER BY last LIMIT ?`;
const ADD = "INSERT INTO changes (ns, last, now, written, commits) VALUES (?, ?, ?, ?, ?)";
const TRIM = `DELETE FROM changes WHERE ns = ? AND last IN
  (SELECT last FROM changes WHERE ns = ? ORDER BY last LIMIT ${TRIM_ROWS}) AND (last <= ? OR now < ? OR written <= ?)`;

/** Where the commits to be added follow. */
export interface LogEnd extends Pick<NamespaceRow, "id" | "position" | "written"> {}

/** Adds the commits of one call, all made at `now`; gives where the log ends then. */
export function addChanges(
  connection: SqliteConnection,
  { id, position, written }: LogEnd,
  now: number,
  commits: readonly LoggedCommit[],
): LogEnd {
  let end = { id, position, written };
  for (let at = 0; at < commits.length; at += ROW_COMMITS) {
    const part = commits.slice(at, at + ROW_COMMITS);
    const row: LogRow = { previous: end.position.id, commits: part };
    const last = end.position.ordinal + part.length;
    const total = end.written + part.reduce((sum, { writes }) => sum + writes.length, 0);
    connection.run(ADD, [id, last, now, total, seal(id, last, now, row)]);
    end = { id, position: { ordinal: last, id: (part.at(-1) as LoggedCommit).id }, written: total };
  }
  return end;
}

/** Drops what is too much or too old, in a bounded number of rows. */
export function trimChanges(
  connection: SqliteConnection,
  { id, position, written }: LogEnd,
  now: number,
  { count, ageMs }: Retention,
): void {
  const tooManyWrites = written - count * WRITES_PER_COMMIT;
  connection.run(TRIM, [id, id, position.ordinal - count, now - ageMs, tooManyWrites]);
}

/** The commits after a position, oldest first; see `changes` in the contract. */
export function readChanges(
  connection: SqliteConnection,
  row: NamespaceRow | undefined,
  after: Position | undefined,
  limit: number,
  oldest: { readonly count: number; readonly sinceMs: number },
): ChangesResult {
  const end = row?.position ?? START;
  if (row === undefined || after?.ordinal === end.ordinal) {
    const isKnown = after === undefined || (after.ordinal === end.ordinal && after.id === end.id);
    return isKnown ? { lost: false, changes: [], position: end } : { lost: true, position: end };
  }
  const from = Math.max(after?.ordinal ?? 0, end.ordinal - oldest.count);
  const changes = readRows(connection, row.id, from, oldest.sinceMs, limit);
  const found = after === undefined ? changes : changesAfter(changes, after);
  if (found === undefined) return { lost: true, position: end };
  const kept = found.slice(0, limit);
  return { lost: false, changes: kept, position: kept.at(-1)?.position ?? end };
}

/** The rows of a namespace's log, read and checked one by one, for whoever verifies the store. */
export function* checkChanges(
  connection: SqliteConnection,
  { id, position }: NamespaceRow,
): Generator<StorageFault | undefined> {
  for (let from = 0; ; ) {
    const rows = connection.all(ROWS, [id, from, 0, READ_ROWS]);
    for (const row of rows) {
      yield problemOf(id, row, position.ordinal);
      from = row[0] as number;
    }
    if (rows.length < READ_ROWS) return;
  }
}

function problemOf(id: number, row: Row, end: number): StorageFault | undefined {
  const [last, now, commits] = row as readonly [number, number, Uint8Array];
  if (last > end)
    return new StorageFault("checksum", "the change log goes on behind the position of its namespace");
  try {
    open(id, last, now, commits);
    return undefined;
  } catch (error) {
    if (error instanceof StorageFault) return error;
    throw error;
  }
}

function readRows(
  connection: SqliteConnection,
  id: number,
  from: number,
  sinceMs: number,
  limit: number,
): readonly Change[] {
  const changes: Change[] = [];
  for (let [after, bytes] = [from, 0]; ; ) {
    const rows = connection.all(ROWS, [id, after, sinceMs, READ_ROWS]);
    for (const [last, now, commits] of rows as readonly (readonly [number, number, Uint8Array])[]) {
      changes.push(...readRow(id, last, now, commits));
      after = last;
      bytes += commits.byteLength;
      if (changes.length > limit + ROW_COMMITS || bytes > READ_BYTES) return changes;
    }
    if (rows.length < READ_ROWS) return changes;
  }
}

/** A damaged row is a gap; whoever reads across it is told that changes are lost. */
function readRow(id: number, last: number, now: number, commits: Uint8Array): readonly Change[] {
  try {
    return changesOf(last, now, open(id, last, now, commits));
  } catch (error) {
    if (error instanceof StorageFault) return [];
    throw error;
  }
}

function changesOf(last: number, now: number, { previous, commits }: LogRow): Change[] {
  const first = last - commits.length + 1;
  return commits.map(({ id, writes }, i) => ({
    position: { ordinal: first + i, id },
    previous: i === 0 ? previous : (commits[i - 1] as LoggedCommit).id,
    now,
    writes,
  }));
}

/** Undefined when the log does not reach back to the position, or knows another commit there. */
function changesAfter(changes: readonly Change[], after: Position): readonly Change[] | undefined {
  const index = after.ordinal + 1 - (changes[0]?.position.ordinal ?? Infinity);
  return changes[index]?.previous === after.id ? changes.slice(index) : undefined;
}

function seal(ns: number, last: number, now: number, row: LogRow): Uint8Array {
  return sealEnvelope(`${ns}`, `${last}`, `${now}`, { codec: 0, data: JSON.stringify(row) });
}

/** @throws StorageFault `checksum` when it was damaged. */
function open(ns: number, last: number, now: number, bytes: Uint8Array): LogRow {
  const { data } = openEnvelope(`${ns}`, `${last}`, `${now}`, bytes);
  return JSON.parse(typeof data === "string" ? data : textOf(data)) as LogRow;
}
