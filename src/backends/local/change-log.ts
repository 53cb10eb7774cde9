import type { EntryType } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import { START, type Change, type ChangedWrite, type ChangesResult, type Position } from "../backend.js";
import { ChangeSegment, SEGMENT_COMMITS } from "./change-segment.js";

/** How much of the past is kept. */
export interface Retention {
  /** Most commits. */
  readonly count: number;
  /** Oldest commit, in milliseconds before now. */
  readonly ageMs: number;
}

/** Commits of many writes count for more, so that a log of huge batches stays bounded too. */
const WRITES_PER_COMMIT = 16;

/** The last commits of one namespace, bounded by count and age. It holds keys, never data. */
export class ChangeLog {
  readonly #retention: Retention;
  /** All full but the last one. */
  #segments: ChangeSegment[] = [];
  /** Commits at the start of the first segment that no longer count. */
  #dropped = 0;
  #kept = 0;
  #writes = 0;
  /** The id before the oldest commit kept. */
  #baseId: Version = START.id;
  #position: Position = START;

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** Where the log stands: the last commit. */
  get position(): Position {
    return this.#position;
  }

  /** Continues from a position of an earlier life, of which no commits are kept. */
  restore(position: Position): void {
    this.#segments = [];
    this.#dropped = 0;
    this.#kept = 0;
    this.#writes = 0;
    this.#baseId = position.id;
    this.#position = position;
  }

  /** Notes the put of an entry without a deadline, by the commit that {@link finish} will complete. */
  put(key: StoredKey, type: EntryType): void {
    this.#open().put(key, type);
  }

  /** Notes another write of the commit that {@link finish} will complete. */
  add(write: ChangedWrite): void {
    this.#open().add(write);
  }

  /** Completes the commit of the writes noted since the last one. */
  finish(position: Position, now: number): void {
    const segment = this.#open();
    segment.finish(position.id, now);
    this.#writes += segment.weightAt(segment.size - 1);
    this.#kept += 1;
    this.#position = position;
    this.trim(now);
  }

  /** Drops what is too much or too old. */
  trim(now: number): void {
    while (this.#kept > 0 && this.#isOver(now)) this.#dropOldest();
  }

  /** The commits after a position, oldest first, at most `limit`; `lost` when the log does not reach back to it. */
  read(after: Position | undefined, limit: number, now: number): ChangesResult {
    this.trim(now);
    const from = after === undefined ? 0 : this.#indexAfter(after);
    if (from === undefined) return { lost: true, position: this.#position };
    const changes: Change[] = [];
    const end = Math.min(this.#kept, from + limit);
    for (let i = from; i < end; i++) changes.push(this.#changeAt(i));
    return { lost: false, changes, position: changes.at(-1)?.position ?? this.#positionBefore(from) };
  }

  #isOver(now: number): boolean {
    if (this.#kept > this.#retention.count) return true;
    if (this.#kept > 1 && this.#writes > this.#retention.count * WRITES_PER_COMMIT) return true;
    return this.#oldest().nowAt(this.#dropped) < now - this.#retention.ageMs;
  }

  #dropOldest(): void {
    const oldest = this.#oldest();
    this.#baseId = oldest.idAt(this.#dropped);
    this.#writes -= oldest.weightAt(this.#dropped);
    this.#kept -= 1;
    this.#dropped += 1;
    if (this.#dropped < SEGMENT_COMMITS) return;
    this.#segments.shift();
    this.#dropped = 0;
  }

  #oldest(): ChangeSegment {
    return this.#segments[0] as ChangeSegment;
  }

  /** The segment that takes the next commit. */
  #open(): ChangeSegment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.size < SEGMENT_COMMITS) return last;
    const next = new ChangeSegment();
    this.#segments.push(next);
    return next;
  }

  /** Which of the kept commits follows a position; undefined when the log does not hold that position. */
  #indexAfter(position: Position): number | undefined {
    const index = this.#kept - (this.#position.ordinal - position.ordinal);
    if (index < 0 || index > this.#kept) return undefined;
    return this.#idBefore(index) === position.id ? index : undefined;
  }

  #idBefore(index: number): Version {
    return index === 0 ? this.#baseId : this.#segmentOf(index - 1).idAt(this.#slotOf(index - 1));
  }

  #positionBefore(index: number): Position {
    return { ordinal: this.#position.ordinal - (this.#kept - index), id: this.#idBefore(index) };
  }

  #changeAt(index: number): Change {
    const segment = this.#segmentOf(index);
    const slot = this.#slotOf(index);
    const now = segment.nowAt(slot);
    const writes = segment.writesAt(slot);
    return { position: this.#positionBefore(index + 1), previous: this.#idBefore(index), now, writes };
  }

  #segmentOf(index: number): ChangeSegment {
    return this.#segments[Math.floor((this.#dropped + index) / SEGMENT_COMMITS)] as ChangeSegment;
  }

  #slotOf(index: number): number {
    return (this.#dropped + index) % SEGMENT_COMMITS;
  }
}
