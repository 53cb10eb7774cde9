import type { Position } from "../backends/backend.js";
import { background, withCancel } from "../core/context.js";
import { NamespaceFollower, type FollowerSetup } from "./namespace-follower.js";

/** Namespaces followed at once; each costs the backend a call that waits. Others are read past the cache. */
const MOST_FOLLOWED = 256;
/** Namespaces remembered at once, those included that are not followed at the moment. */
const MOST_REMEMBERED = 1024;

/**
 * Keeps a cache coherent with the other processes that use the same data: every namespace that has something in the
 * cache is followed along its change log. What may be answered from the cache is at most `maxStalenessMs` behind.
 */
export class ChangeFollower {
  readonly maxStalenessMs: number;
  readonly #setup: FollowerSetup;
  readonly #followers = new Map<string, NamespaceFollower>();
  #life = withCancel(background());
  #isStopped = false;
  // Most reads are of the same namespace as the one before.
  #lastName: string | undefined;
  #last: NamespaceFollower | undefined;

  constructor(setup: FollowerSetup) {
    this.#setup = setup;
    this.maxStalenessMs = setup.maxStalenessMs;
  }

  /** Whether the cache may answer reads of a namespace at this moment. */
  vouches(namespace: string): boolean {
    if (namespace !== this.#lastName) {
      this.#lastName = namespace;
      this.#last = this.#followers.get(namespace);
    }
    return this.#last !== undefined && this.#last.vouches();
  }

  /** Whether an answer asked for at this local monotonic time is as new as the cache may answer now. */
  isRecent(sentAt: number): boolean {
    return this.#setup.runtime.clock.monotonic() - sentAt < this.maxStalenessMs;
  }

  /** The furthest place in a namespace's log that is known: an answer asked for from now on reaches there. */
  furthest(namespace: string): number {
    return this.#followers.get(namespace)?.log.furthest ?? 0;
  }

  /**
   * Whether what a read brought may be kept, since the namespace's changes after it will be told of. The first one
   * of a namespace begins to follow it, and one after a time without reads goes on.
   *
   * @param sentAt local monotonic time when the read was sent.
   * @param furthest what `furthest` was then.
   */
  admitRead(namespace: string, position: Position, sentAt: number, furthest: number): boolean {
    const follower = this.#followers.get(namespace) ?? this.#follow(namespace, position, sentAt);
    if (follower === undefined || (!follower.isReading && !this.#hasRoom())) return false;
    follower.resume();
    follower.expect(position, sentAt, furthest);
    return true;
  }

  /** As `admitRead`, of what this process wrote; a namespace that it only writes is not followed for long. */
  admitWrite(namespace: string, position: Position, sentAt: number): boolean {
    const follower = this.#followers.get(namespace) ?? this.#follow(namespace, position, sentAt);
    if (follower?.isReading !== true) return false;
    follower.expectOwn(position, sentAt);
    return true;
  }

  /** Whether what is kept without a position may be: everything told of since its ticket was taken is known. */
  follows(namespace: string): boolean {
    return this.#followers.get(namespace)?.isReading === true;
  }

  /** Forgets all namespaces; the cache was emptied. */
  reset(): void {
    const [, cancel] = this.#life;
    cancel();
    this.#followers.clear();
    this.#lastName = undefined;
    this.#last = undefined;
    this.#life = withCancel(background());
  }

  /** Ends for good. Calls that wait end by themselves, soon. */
  stop(): void {
    this.#isStopped = true;
    this.reset();
  }

  /** Namespaces followed. */
  get followed(): number {
    return this.#count(({ isReading }) => isReading);
  }

  /** Namespaces followed whose reads go past the cache at this moment, since their log has not answered in time. */
  get bypassed(): number {
    return this.#count(({ isReading, isTrusted }) => isReading && !isTrusted);
  }

  #follow(namespace: string, position: Position, sentAt: number): NamespaceFollower | undefined {
    if (this.#isStopped || !this.#hasRoom()) return undefined;
    if (this.#followers.size >= MOST_REMEMBERED) this.#forgetIdle();
    const follower = new NamespaceFollower(this.#setup, this.#life[0], namespace, position, sentAt);
    this.#followers.set(namespace, follower);
    this.#lastName = undefined;
    return follower;
  }

  #hasRoom(): boolean {
    return this.followed < MOST_FOLLOWED;
  }

  /** Where nothing says any more what changed in a namespace, nothing of it may stay. */
  #forgetIdle(): void {
    const idle = new Set<string>();
    for (const [name, { isReading }] of this.#followers) if (!isReading) idle.add(name);
    for (const name of idle) this.#followers.delete(name);
    this.#setup.cache.invalidateNamespaces(idle);
  }

  #count(matches: (follower: NamespaceFollower) => boolean): number {
    let count = 0;
    for (const follower of this.#followers.values()) if (matches(follower)) count += 1;
    return count;
  }
}
