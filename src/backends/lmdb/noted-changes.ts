import type { EntryType } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { Version } from "../../core/version.js";
import type { BackendSetup, Change, ChangedWrite, ChangesResult, Position } from "../backend.js";
import { openText, sealText } from "./checked-text.js";
import { orderedNumber, placeOf } from "./lmdb-key.js";
import { UNWRITTEN, type LmdbView, type Tables } from "./lmdb-view.js";
import type { SpaceState } from "./space-state.js";

/** A commit of many writes counts for more, so that a log of huge batches stays bounded too. */
const WRITES_PER_COMMIT = 16;
/** Records dropped when one is added: the log shrinks faster than it grows. */
const DROPPED_AT_ONCE = 4;

export type Retention = BackendSetup["changes"];

/** A commit as it is noted. */
export interface NotedCommit {
  readonly id: Version;
  readonly now: number;
  readonly writes: readonly ChangedWrite[];
  /** Writes of all commits of the namespace up to and with this one. */
  readonly weight: number;
}

/** What a record holds: consecutive commits, and the id of the one before. */
interface NotedGroup {
  readonly previous: Version;
  readonly commits: readonly NotedCommit[];
}

type CompactWrite =
  | readonly [kind: 0, key: string, type: EntryType, expiresAt?: number]
  | readonly [kind: 1 | 2, key: string, incarnation?: string]
  | readonly [kind: 3, start: string, end?: string];
type CompactCommit = readonly [id: Version, now: number, weight: number, writes: readonly CompactWrite[]];

/** Notes commits that follow one another, in one record under the ordinal of the last. */
export function noteChanges({ changes }: Tables, namespace: string, last: Position, group: NotedGroup): void {
  const place = placeOf(namespace, orderedNumber(last.ordinal));
  const commits = group.commits.map(
    ({ id, now, weight, writes }): CompactCommit => [id, now, weight, writes.map(compact)],
  );
  changes.put(place, sealText(place, JSON.stringify([group.previous, ...commits])));
}

/** Drops some of what is too much or too old, as far as whole records go. */
export function trimChanges(view: LmdbView, namespace: string, state: SpaceState, kept: Retention): void {
  const range = {
    start: placeOf(namespace, orderedNumber(0)),
    end: placeOf(namespace, orderedNumber(state.position.ordinal)),
  };
  const over: string[] = [];
  for (const { key, value } of view.rows("changes", { ...range, limit: DROPPED_AT_ONCE })) {
    const group = readGroup(key, value);
    const last = group?.commits.at(-1);
    if (last !== undefined && isKept(ordinalOf(namespace, key), last, state, kept, state.now)) break;
    over.push(key);
  }
  for (const key of over) view.tables.changes.remove(key);
}

/** The commits of a namespace after a position; see the contract. */
export function changesAfter(
  view: LmdbView,
  namespace: string,
  after: Position | undefined,
  { limit, kept, now }: { readonly limit: number; readonly kept: Retention; readonly now: number },
): ChangesResult {
  const state = view.state(namespace) ?? UNWRITTEN;
  const { position } = state;
  if (after?.ordinal === position.ordinal) {
    return after.id === position.id ? { lost: false, changes: [], position } : { lost: true, position };
  }
  const changes: Change[] = [];
  const first = after === undefined ? 0 : after.ordinal + 1;
  for (const { change, weight } of notedFrom(view, namespace, first)) {
    if (
      !isKept(
        change.position.ordinal,
        { now: change.now, weight: weight - change.writes.length },
        state,
        kept,
        now,
      )
    )
      continue;
    if (changes.length === limit) break;
    changes.push(change);
  }
  const [oldest] = changes;
  const isLost = after !== undefined && (oldest?.position.ordinal !== first || oldest.previous !== after.id);
  if (isLost && limit > 0) return { lost: true, position };
  return { lost: false, changes, position: changes.at(-1)?.position ?? position };
}

function* notedFrom(
  view: LmdbView,
  namespace: string,
  first: number,
): Generator<{ readonly change: Change; readonly weight: number }> {
  const range = { start: placeOf(namespace, orderedNumber(first)), end: placeOf(namespace, "g") };
  for (const { key, value } of view.rows("changes", range)) {
    const group = readGroup(key, value);
    // A damaged record is a gap; whoever reads across it is told that changes are lost.
    if (group === undefined) continue;
    let previous = group.previous;
    let ordinal = ordinalOf(namespace, key) - group.commits.length;
    for (const { id, now, writes, weight } of group.commits) {
      ordinal += 1;
      if (ordinal >= first) yield { change: { position: { ordinal, id }, previous, now, writes }, weight };
      previous = id;
    }
  }
}

/** Whether a commit still counts. `weight`: of everything before it. */
function isKept(
  ordinal: number,
  commit: { readonly now: number; readonly weight: number },
  { position, weight }: SpaceState,
  kept: Retention,
  now: number,
): boolean {
  if (ordinal <= position.ordinal - kept.count || commit.now < now - kept.ageMs) return false;
  return ordinal === position.ordinal || weight - commit.weight <= kept.count * WRITES_PER_COMMIT;
}

/** The ordinal of the last commit of a record. */
export function ordinalOf(namespace: string, key: string): number {
  return Number.parseInt(key.slice(placeOf(namespace, "").length), 16);
}

/** Undefined when the record is damaged. */
export function readGroup(place: string, bytes: Buffer): NotedGroup | undefined {
  try {
    const [previous, ...commits] = JSON.parse(openText(place, bytes)) as [Version, ...CompactCommit[]];
    return {
      previous,
      commits: commits.map(([id, now, weight, writes]) => ({ id, now, weight, writes: writes.map(expand) })),
    };
  } catch (error) {
    if (error instanceof StorageFault) return undefined;
    throw error;
  }
}

function compact(write: ChangedWrite): CompactWrite {
  if (write.kind === "put") {
    return write.expiresAt === undefined
      ? [0, write.key, write.type]
      : [0, write.key, write.type, write.expiresAt];
  }
  if (write.kind === "delete-range") {
    const { start, end } = write.range;
    return end === undefined ? [3, start] : [3, start, end];
  }
  const kind = write.kind === "delete" ? 1 : 2;
  return write.incarnation === undefined ? [kind, write.key] : [kind, write.key, write.incarnation];
}

function expand(write: CompactWrite): ChangedWrite {
  if (write[0] === 0) {
    const [, key, type, expiresAt] = write;
    return { kind: "put", key, type, ...(expiresAt !== undefined && { expiresAt }) };
  }
  if (write[0] === 3) {
    const [, start, end] = write;
    return { kind: "delete-range", range: { start, ...(end !== undefined && { end }) } };
  }
  const [kind, key, incarnation] = write;
  return { kind: kind === 1 ? "delete" : "expire", key, ...(incarnation !== undefined && { incarnation }) };
}
