import type { Change, ChangesResult, ChangedWrite, Position } from "../backends/backend.js";
import { isHead, userKey } from "../core/key.js";
import { HEADS, overlaps } from "../core/range.js";
import type { Version } from "../core/version.js";
import { cacheKey } from "./cache-key.js";
import type { EntryCache } from "./entry-cache.js";

/** Commits remembered of those that were read, to tell whether an answer of theirs is of the same history. */
const MOST_REMEMBERED = 1000;

/** A commit known from an answer alone. */
interface Ahead {
  readonly id: Version;
  /** Local monotonic time when the answer was asked for: no earlier than this the commit stood in the log. */
  readonly sentAt: number;
}

/**
 * How far one namespace's change log was read, and the cache kept true to it.
 *
 * **Invariant:** an entry kept as of place `o` of the log is the key's value after the commit there, and no change of
 * the key at a place after `o` was read yet. So once the log was read to its end, every entry is as of that end.
 *
 * Answers may be as of a place further than what was read. Should the log then hold another commit there, or end
 * before, history was replaced (a server failed over and lost commits), and nothing that is kept can be trusted.
 */
export class FollowedLog {
  readonly namespace: string;
  readonly #cache: EntryCache;
  #read: Position;
  /** The last commits that were read, by their places. */
  readonly #recent = new Map<number, Version>();
  /** The commits that kept answers are as of, by their places after what was read. */
  readonly #ahead = new Map<number, Ahead>();
  #aheadSince = Infinity;
  #furthest: number;

  /** @param from where the first kept answer stood; what was asked for before must not be older. */
  constructor(namespace: string, cache: EntryCache, from: Position) {
    this.namespace = namespace;
    this.#cache = cache;
    this.#read = from;
    this.#furthest = from.ordinal;
    cache.followedFrom(namespace, from.ordinal);
  }

  /** The last commit that was read. */
  get position(): Position {
    return this.#read;
  }

  /** The furthest place that was read or that any answer was as of: the log reaches there, or history was replaced. */
  get furthest(): number {
    return Math.max(this.#furthest, this.#read.ordinal);
  }

  /**
   * Since when, by the local monotonic clock, something is kept that the log has not told of; Infinity when nothing is.
   * Until it does, a history that was replaced meanwhile cannot be told from one that goes on.
   */
  get aheadSince(): number {
    return this.#aheadSince;
  }

  /**
   * An answer as of this position is about to be kept.
   *
   * @param sentAt local monotonic time when it was asked for.
   * @param furthest what `furthest` was then.
   */
  expect({ ordinal, id }: Position, sentAt: number, furthest = 0): void {
    const known = this.#known(ordinal);
    if (ordinal < furthest || (known !== undefined && known !== id)) this.#drop();
    else if (ordinal > this.#read.ordinal) {
      this.#ahead.set(ordinal, { id, sentAt: Math.max(sentAt, this.#ahead.get(ordinal)?.sentAt ?? sentAt) });
      this.#aheadSince = Math.min(this.#aheadSince, sentAt);
      this.#furthest = Math.max(this.#furthest, ordinal);
    }
  }

  /**
   * As `expect`, of a commit that this process made just now. The log may have told of it already; one that stands where
   * the log told of another has outlived that history.
   */
  expectOwn(position: Position, sentAt: number): void {
    const isTold = position.ordinal <= this.#read.ordinal;
    if (isTold && this.#known(position.ordinal) === undefined) this.#drop();
    else this.expect(position, sentAt);
  }

  #known(ordinal: number): Version | undefined {
    if (ordinal === this.#read.ordinal) return this.#read.id;
    return ordinal < this.#read.ordinal ? this.#recent.get(ordinal) : this.#ahead.get(ordinal)?.id;
  }

  /**
   * Takes in what the log answered to `position`: what changed is dropped, or everything where the answer does not
   * continue what was read.
   *
   * @param isEnd the log held no more when it answered.
   * @param furthest what `furthest` was when it was asked.
   */
  take(answer: ChangesResult, isEnd: boolean, furthest: number): void {
    const continues = !answer.lost && answer.changes.every((change) => this.#apply(change));
    if (continues && this.#agreesWith(answer.position, isEnd, furthest)) this.#read = answer.position;
    else this.#restart(answer.position);
    this.#aheadSince = Infinity;
    for (const { sentAt } of this.#ahead.values()) this.#aheadSince = Math.min(this.#aheadSince, sentAt);
  }

  #agreesWith(position: Position, isEnd: boolean, furthest: number): boolean {
    if (position.id !== this.#read.id || (isEnd && position.ordinal < furthest)) return false;
    // Each was taken out when its commit was read; whatever is left behind is not in the log.
    for (const ordinal of this.#ahead.keys()) if (ordinal <= position.ordinal) return false;
    return true;
  }

  /** False when the change does not follow what was read, or is not the one that an answer was as of. */
  #apply({ position, previous, writes }: Change): boolean {
    const { ordinal, id } = position;
    if (previous !== this.#read.id || (this.#ahead.get(ordinal)?.id ?? id) !== id) return false;
    this.#ahead.delete(ordinal);
    for (const write of writes) this.#overtake(write, ordinal);
    this.#read = position;
    this.#remember(position);
    return true;
  }

  #remember({ ordinal, id }: Position): void {
    this.#recent.set(ordinal, id);
    if (this.#recent.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }

  #overtake(write: ChangedWrite, ordinal: number): void {
    if (write.kind === "delete-range") {
      if (overlaps(write.range, HEADS)) this.#cache.overtakeNamespace(this.namespace, ordinal);
    } else if (isHead(write.key)) {
      this.#cache.overtake(cacheKey(this.namespace, userKey(write.key)), ordinal);
    }
  }

  /** Goes on from another place with nothing kept. */
  #restart(from: Position): void {
    this.#read = from;
    this.#recent.clear();
    this.#drop();
  }

  #drop(): void {
    this.#ahead.clear();
    this.#aheadSince = Infinity;
    this.#furthest = this.#read.ordinal;
    this.#cache.invalidateNamespace(this.namespace);
  }
}
