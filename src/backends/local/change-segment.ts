import type { EntryType } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import type { ChangedWrite } from "../backend.js";

/** Commits in one segment of a change log. */
export const SEGMENT_COMMITS = 1024;

/** Marks a plain delete where an entry type would mark a plain put. */
const DELETED = 0;

/**
 * Consecutive commits of a change log, column by column: a commit of one plain put takes a few array slots and no
 * object of its own, which a garbage collector would have to move and trace for as long as the log keeps it.
 */
export class ChangeSegment {
  readonly #ids: Version[] = [];
  readonly #nows: number[] = [];
  /** For each commit, where its writes end in the columns of writes. */
  readonly #ends: number[] = [];
  /** The key of a plain put or delete, otherwise the whole write. */
  readonly #subjects: (StoredKey | ChangedWrite)[] = [];
  readonly #types: number[] = [];

  get size(): number {
    return this.#ids.length;
  }

  idAt(index: number): Version {
    return this.#ids[index] as Version;
  }

  nowAt(index: number): number {
    return this.#nows[index] as number;
  }

  /** How many writes the commit at `index` made. */
  weightAt(index: number): number {
    return (this.#ends[index] as number) - this.#startOf(index);
  }

  writesAt(index: number): ChangedWrite[] {
    const writes: ChangedWrite[] = [];
    for (let i = this.#startOf(index); i < (this.#ends[index] as number); i++) writes.push(this.#writeAt(i));
    return writes;
  }

  /** Adds one write to the commit that {@link finish} will complete. */
  put(key: StoredKey, type: EntryType): void {
    this.#subjects.push(key);
    this.#types.push(type);
  }

  /** As {@link put}. */
  add(write: ChangedWrite): void {
    const isPlainDelete = write.kind === "delete" && write.incarnation === undefined;
    this.#subjects.push(isPlainDelete ? write.key : write);
    this.#types.push(DELETED);
  }

  /** Completes a commit of the writes added since the last one. */
  finish(id: Version, now: number): void {
    this.#ids.push(id);
    this.#nows.push(now);
    this.#ends.push(this.#subjects.length);
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }

  #writeAt(index: number): ChangedWrite {
    const subject = this.#subjects[index] as StoredKey | ChangedWrite;
    if (typeof subject !== "string") return subject;
    const type = this.#types[index] as EntryType | typeof DELETED;
    return type === DELETED ? { kind: "delete", key: subject } : { kind: "put", key: subject, type };
  }
}
