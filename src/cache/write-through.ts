import type { Batch, Committed, CommitResult, Conflicted } from "../backends/backend.js";
import { ABSENT } from "../core/decoded-entry.js";
import { isHead, userKey, type StoredKey } from "../core/key.js";
import { HEADS, overlaps, type KeyRange } from "../core/range.js";
import type { Clock } from "../core/runtime.js";
import { cacheKey } from "./cache-key.js";
import type { ChangeFollower } from "./change-follower.js";
import type { EntryCache } from "./entry-cache.js";
import { NO_PLACE, type FillTicket, type Ordinal } from "./fill-guard.js";
import type { EntryDecoder } from "./entry-decoder.js";
import type { KeysUnderWay } from "./keys-under-way.js";

/** A commit of this process. */
export interface OwnBatch extends Batch {
  /** What it writes is not kept: it would take the place of what is read. */
  readonly isBulk?: boolean;
}

/** What must be known of a call when its answer arrives. */
export interface SentCall {
  readonly keys: KeysUnderWay;
  readonly ticket: FillTicket;
  /** Local monotonic time when it was sent; 0 where no entry of it has a deadline and nobody else changes the data. */
  readonly sentAt: number;
}

/** Keeps the cache true to this process's own commits: filled when they are made, emptied where that is uncertain. */
export class WriteThrough {
  readonly #cache: EntryCache;
  readonly #decoder: EntryDecoder;
  readonly #clock: Clock;
  readonly #follower: ChangeFollower | undefined;

  /** @param follower keeps the cache coherent with other processes; absent where nobody else changes the data. */
  constructor(cache: EntryCache, decoder: EntryDecoder, clock: Clock, follower?: ChangeFollower) {
    this.#cache = cache;
    this.#decoder = decoder;
    this.#clock = clock;
    this.#follower = follower;
  }

  sending(batches: readonly Batch[]): SentCall {
    return {
      keys: this.#cache.callSent(batches),
      ticket: this.#cache.expectAnswer(),
      sentAt: this.#follower !== undefined || batches.some(hasDeadline) ? this.#clock.monotonic() : 0,
    };
  }

  arrived(batches: readonly OwnBatch[], results: readonly CommitResult[], sent: SentCall): void {
    this.#cache.callEnded(sent.keys);
    for (let i = 0; i < batches.length; i++) {
      const batch = batches[i] as OwnBatch;
      const result = results[i];
      if (result?.status === "committed") this.#written(batch, result, sent);
      else if (result?.status === "conflict") this.#refused(batch, result, sent);
      else this.#forget(batch);
    }
    this.#cache.endAnswer();
  }

  /** The call failed: its writes may or may not have taken effect. */
  failed(batches: readonly Batch[], { keys }: SentCall): void {
    this.#cache.callEnded(keys);
    for (const batch of batches) this.#forget(batch);
    this.#cache.endAnswer();
  }

  #written(batch: OwnBatch, { now, position }: Committed, { ticket, sentAt }: SentCall): void {
    if (batch.writes.length === 0) return;
    const { ordinal } = position;
    const isAdmitted = this.#follower?.admitWrite(batch.namespace, position, sentAt) !== false;
    const mayKeep = isAdmitted && batch.isBulk !== true;
    for (const write of batch.writes) {
      if (write.kind === "delete-range") {
        this.#clearRange(batch.namespace, write.range, ordinal);
        continue;
      }
      const id = headId(batch, write.key);
      if (id === undefined) continue;
      // Also what is kept as of a later place: after a failover that place may be of a history that is gone.
      if (!mayKeep || !this.#cache.mayFill(id, ticket, ordinal)) this.#cache.invalidate(id, ordinal);
      else if (write.kind === "delete") this.#cache.fill(id, ABSENT, ordinal);
      else this.#cache.fill(id, this.#decoder.written(batch.id, write, now, sentAt), ordinal);
      this.#cache.changedByAnswer(id, ordinal);
    }
  }

  /** A conflict proves what was cached of its keys wrong; what it brings is as of now. */
  #refused(batch: Batch, result: Conflicted, { ticket, sentAt }: SentCall): void {
    const isFollowed = this.#follower?.follows(batch.namespace) !== false;
    for (const conflict of result.conflicts) {
      if ("range" in conflict) continue;
      const id = headId(batch, conflict.key);
      if (id === undefined) continue;
      const mayFill =
        isFollowed &&
        this.#cache.mayFill(id, ticket) &&
        (conflict.current?.expiresAt === undefined || sentAt > 0);
      if (mayFill) this.#cache.correct(id, this.#decoder.entry(conflict.current, result.now, sentAt));
      else this.#cache.invalidate(id);
    }
  }

  #forget(batch: Batch): void {
    for (const write of batch.writes) {
      if (write.kind === "delete-range") this.#clearRange(batch.namespace, write.range, NO_PLACE);
      else {
        const id = headId(batch, write.key);
        if (id !== undefined) this.#cache.doubt(id);
      }
    }
  }

  /** Only heads are cached; ranges of them are deleted when a whole namespace is cleared. */
  #clearRange(namespace: string, range: KeyRange, ordinal: Ordinal): void {
    if (overlaps(range, HEADS)) this.#cache.overtakeNamespace(namespace, ordinal);
  }
}

/** The cache's name for a head; undefined for anything else, which is not cached. */
function headId(batch: Batch, key: StoredKey): string | undefined {
  return isHead(key) ? cacheKey(batch.namespace, userKey(key)) : undefined;
}

function hasDeadline(batch: Batch): boolean {
  return (
    batch.checks.length > 0 ||
    batch.writes.some((write) => write.kind === "put" && write.expiry !== undefined)
  );
}
