import type { Batch, Committed, CommitResult, Conflicted } from "../backends/backend.js";
import { ABSENT } from "../core/decoded-entry.js";
import { isHead, userKey, type StoredKey } from "../core/key.js";
import { HEADS, overlaps, type KeyRange } from "../core/range.js";
import type { Clock } from "../core/runtime.js";
import { cacheKey } from "./cache-key.js";
import type { EntryCache, FillTicket } from "./entry-cache.js";
import type { EntryDecoder } from "./entry-decoder.js";

/** What must be known of a call when its answer arrives. */
export interface SentCall {
  readonly ticket: FillTicket;
  /** Local monotonic time when it was sent; 0 where no entry of it has a deadline. */
  readonly sentAt: number;
}

/** Keeps the cache true to this process's own commits: filled when they are made, emptied where that is uncertain. */
export class WriteThrough {
  readonly #cache: EntryCache;
  readonly #decoder: EntryDecoder;
  readonly #clock: Clock;

  constructor(cache: EntryCache, decoder: EntryDecoder, clock: Clock) {
    this.#cache = cache;
    this.#decoder = decoder;
    this.#clock = clock;
  }

  sending(batches: readonly Batch[]): SentCall {
    this.#cache.underWay = batches;
    return {
      ticket: this.#cache.expectAnswer(),
      sentAt: batches.some(hasDeadline) ? this.#clock.monotonic() : 0,
    };
  }

  arrived(batches: readonly Batch[], results: readonly CommitResult[], sent: SentCall): void {
    this.#cache.underWay = undefined;
    for (let i = 0; i < batches.length; i++) {
      const batch = batches[i] as Batch;
      const result = results[i];
      if (result?.status === "committed") this.#written(batch, result, sent);
      else if (result?.status === "conflict") this.#refused(batch, result, sent);
      else this.#forget(batch);
    }
    this.#cache.endAnswer();
  }

  /** The call failed: its writes may or may not have taken effect. */
  failed(batches: readonly Batch[], _sent: SentCall): void {
    this.#cache.underWay = undefined;
    for (const batch of batches) this.#forget(batch);
    this.#cache.endAnswer();
  }

  #written(batch: Batch, { now }: Committed, { ticket, sentAt }: SentCall): void {
    for (const write of batch.writes) {
      if (write.kind === "delete-range") {
        this.#forgetRange(batch.namespace, write.range);
        continue;
      }
      const id = headId(batch, write.key);
      if (id === undefined) continue;
      if (!this.#cache.mayFill(id, ticket)) this.#cache.invalidate(id);
      else if (write.kind === "delete") this.#cache.fill(id, ABSENT);
      else this.#cache.fill(id, this.#decoder.written(batch.id, write, now, sentAt));
      this.#cache.changedByAnswer(id);
    }
  }

  /** A conflict proves what was cached of its keys wrong; what it brings is as of now. */
  #refused(batch: Batch, result: Conflicted, { ticket, sentAt }: SentCall): void {
    for (const conflict of result.conflicts) {
      if ("range" in conflict) continue;
      const id = headId(batch, conflict.key);
      if (id === undefined) continue;
      const mayFill =
        this.#cache.mayFill(id, ticket) && (conflict.current?.expiresAt === undefined || sentAt > 0);
      this.#cache.invalidate(id);
      if (mayFill) this.#cache.fill(id, this.#decoder.entry(conflict.current, result.now, sentAt));
    }
  }

  #forget(batch: Batch): void {
    for (const write of batch.writes) {
      if (write.kind === "delete-range") this.#forgetRange(batch.namespace, write.range);
      else {
        const id = headId(batch, write.key);
        if (id !== undefined) this.#cache.invalidate(id);
      }
    }
  }

  /** Only heads are cached; ranges of them are deleted when a whole namespace is cleared. */
  #forgetRange(namespace: string, range: KeyRange): void {
    if (overlaps(range, HEADS)) this.#cache.invalidateNamespace(namespace);
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
