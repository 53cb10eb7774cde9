import type { Context } from "../../core/context.js";
import type { Change, ChangesResult, Position } from "../backend.js";
import { changedWrites } from "./change-record.js";
import { positionOf } from "./range-scan.js";
import type { RedisConnection } from "./redis-connection.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space } from "./spaces.js";

/** Records fetched at once; each holds one commit or several that were sent together. */
const RECORDS_AT_ONCE = 128;

/** What scripts/changes.lua answers. */
type ChangesAnswer = readonly [now: number, ordinal: number, id: Buffer, records: readonly LogRecord[]];
type LogRecord = readonly [id: Buffer, fields: readonly Buffer[]];

/** Commits that stand in one record, in order. */
interface Commits {
  readonly now: number;
  /** The id of the commit before them. */
  readonly previous: string;
  readonly first: number;
  readonly ids: readonly string[];
  readonly records: readonly Buffer[];
}

/** The commits after a position, oldest first, at most `most`; see the contract. Does not wait. */
export async function readChanges(
  connection: RedisConnection,
  limit: Context,
  space: Space,
  after: Position | undefined,
  most: number,
): Promise<ChangesResult> {
  const changes: Change[] = [];
  for (let from = after; ; from = changes.at(-1)?.position) {
    const { result, isAll } = await readPage(connection, limit, space, from, most - changes.length);
    // What was lost since the page before is for the next call to find.
    if (result.lost) return changes.length === 0 ? result : found(changes);
    changes.push(...result.changes);
    if (changes.length === 0) return result;
    if (isAll || changes.length >= most) return found(changes);
  }
}

function found(changes: readonly Change[]): ChangesResult {
  return { lost: false, changes, position: (changes.at(-1) as Change).position };
}

async function readPage(
  connection: RedisConnection,
  limit: Context,
  space: Space,
  after: Position | undefined,
  most: number,
): Promise<{ readonly result: ChangesResult; readonly isAll: boolean }> {
  const { meta, log } = space.keys;
  const records = Math.min(most + 1, RECORDS_AT_ONCE);
  const args = [String(after?.ordinal ?? 0), String(records)];
  const answer = (await connection.read(limit, SCRIPTS.changes, [meta, log], args)) as ChangesAnswer;
  const position = positionOf(answer);
  const parsed = answer[3].map(parseRecord);
  const isAll = parsed.length < records;
  if (after === undefined) return { result: following(parsed, startOf(parsed, position), most), isAll };
  const isKnown = holds(parsed, after, position);
  return { result: isKnown ? following(parsed, after, most) : { lost: true, position }, isAll };
}

function parseRecord([recordId, fields]: LogRecord): Commits {
  const [, clock] = recordId.toString("latin1").split("-");
  const [previous, first] = (fields[1] as Buffer).toString("latin1").split(" ") as [string, string];
  const ids: string[] = [];
  const records: Buffer[] = [];
  for (let i = 2; i < fields.length; i += 2) {
    ids.push((fields[i] as Buffer).toString("latin1"));
    records.push(fields[i + 1] as Buffer);
  }
  return { now: Number(clock), previous, first: Number(first), ids, records };
}

/** Before the oldest commit kept; where the namespace stands when none is. */
function startOf([oldest]: readonly Commits[], position: Position): Position {
  return oldest === undefined ? position : { ordinal: oldest.first - 1, id: oldest.previous };
}

/** Whether the log knows a position and reaches back to it. */
function holds([oldest]: readonly Commits[], { ordinal, id }: Position, position: Position): boolean {
  if (ordinal >= position.ordinal) return ordinal === position.ordinal && id === position.id;
  if (oldest === undefined || ordinal < oldest.first - 1) return false;
  return (ordinal === oldest.first - 1 ? oldest.previous : oldest.ids[ordinal - oldest.first]) === id;
}

function following(parsed: readonly Commits[], after: Position, most: number): ChangesResult {
  const changes: Change[] = [];
  for (const { now, previous, first, ids, records } of parsed) {
    for (const [i, id] of ids.entries()) {
      const ordinal = first + i;
      if (ordinal <= after.ordinal || changes.length >= most) continue;
      changes.push({
        position: { ordinal, id },
        previous: i === 0 ? previous : (ids[i - 1] as string),
        now,
        writes: changedWrites(records[i] as Buffer, now),
      });
    }
  }
  return { lost: false, changes, position: changes.at(-1)?.position ?? after };
}
