import type { Version } from "../../core/version.js";
import { START, type Change, type ChangedWrite, type ChangesResult, type Position } from "../backend.js";

/** How much of the past is kept. */
export interface Retention {
  /** Most commits. */
  readonly count: number;
  /** Oldest commit, in milliseconds before now. */
  readonly ageMs: number;
}

interface LoggedCommit {
  readonly id: Version;
  readonly now: number;
  readonly writes: readonly ChangedWrite[];
}

/** Commits of many writes count for more, so that a log of huge batches stays bounded too. */
const WRITES_PER_COMMIT = 16;

/** The last commits of one namespace, bounded by count and age. It holds keys, never data. */
export class ChangeLog {
  readonly #retention: Retention;
  #commits: LoggedCommit[] = [];
  /** Index of the oldest commit kept; those before it are dropped together now and then. */
  #first = 0;
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
    this.#commits = [];
    this.#first = 0;
    this.#writes = 0;
    this.#baseId = position.id;
    this.#position = position;
  }

  append(position: Position, now: number, writes: readonly ChangedWrite[]): void {
    this.#commits.push({ id: position.id, now, writes });
    this.#writes += writes.length;
    this.#position = position;
    this.trim(now);
  }

  /** Drops what is too much or too old. */
  trim(now: number): void {
    while (this.#first < this.#commits.length && this.#isOver(now)) {
      const oldest = this.#commits[this.#first] as LoggedCommit;
      this.#baseId = oldest.id;
      this.#writes -= oldest.writes.length;
      this.#first += 1;
    }
    if (this.#first > 64 && this.#first * 2 > this.#commits.length) {
      this.#commits.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** The commits after a position, oldest first, at most `limit`; `lost` when the log does not reach back to it. */
  read(after: Position | undefined, limit: number, now: number): ChangesResult {
    this.trim(now);
    const from = after === undefined ? this.#first : this.#indexAfter(after);
    if (from === undefined) return { lost: true, position: this.#position };
    const changes: Change[] = [];
    const end = Math.min(this.#commits.length, from + limit);
    for (let i = from; i < end; i++) changes.push(this.#changeAt(i));
    return { lost: false, changes, position: changes.at(-1)?.position ?? this.#positionBefore(from) };
  }

  #isOver(now: number): boolean {
    const kept = this.#commits.length - this.#first;
    if (kept > this.#retention.count) return true;
    if (kept > 1 && this.#writes > this.#retention.count * WRITES_PER_COMMIT) return true;
    return (this.#commits[this.#first] as LoggedCommit).now < now - this.#retention.ageMs;
  }

  /** The index of the commit after a position, or undefined when the log does not hold that position. */
  #indexAfter(position: Position): number | undefined {
    const index = this.#commits.length - (this.#position.ordinal - position.ordinal);
    if (index < this.#first || index > this.#commits.length) return undefined;
    return this.#idBefore(index) === position.id ? index : undefined;
  }

  #idBefore(index: number): Version {
    return index === this.#first ? this.#baseId : (this.#commits[index - 1] as LoggedCommit).id;
  }

  #positionBefore(index: number): Position {
    return { ordinal: this.#position.ordinal - (this.#commits.length - index), id: this.#idBefore(index) };
  }

  #changeAt(index: number): Change {
    const { now, writes } = this.#commits[index] as LoggedCommit;
    return { position: this.#positionBefore(index + 1), previous: this.#idBefore(index), now, writes };
  }
}
