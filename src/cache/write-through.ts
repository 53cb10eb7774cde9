import type { Committed, CommitResult, Conflicted, Put, Write } from "../backends/backend.js";
import { KIND, userKey } from "../core/key.js";
import { HEADS, overlaps, type KeyRange } from "../core/range.js";
import type { Clock } from "../core/runtime.js";
import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
import { cacheKey } from "./cache-key.js";
import { absentEntry, ENTRY_OVERHEAD_BYTES, type DecodedEntry } from "../core/decoded-entry.js";
import type { EntryCache, FillGuard } from "./entry-cache.js";
import type { EntryDecoder } from "./entry-decoder.js";

/** What the cache needs to know of a commit. */
export interface WrittenBatch {
  readonly id: string;
  readonly namespace: string;
  readonly writes: readonly Write[];
  readonly values: readonly unknown[];
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

  /** A call that carries these batches begins; the answer is given to one of the two functions. */
  sending(batches: readonly WrittenBatch[]): {
    arrived(results: readonly CommitResult[]): void;
    failed(): void;
  } {
    const sentAt = this.#clock.monotonic();
    const guard = this.#cache.guard();
    return {
      arrived: (results) => {
        for (const [i, batch] of batches.entries()) this.#arrived(batch, results[i], guard, sentAt);
        guard.release();
      },
      failed: () => {
        guard.release();
        for (const batch of batches) this.#forget(batch);
      },
    };
  }

  #arrived(batch: WrittenBatch, result: CommitResult | undefined, guard: FillGuard, sentAt: number): void {
    if (result?.status === "committed") this.#written(batch, result, guard, sentAt);
    else if (result?.status === "conflict") this.#refused(batch, result, sentAt);
    else this.#forget(batch);
  }

  #written(batch: WrittenBatch, result: Committed, guard: FillGuard, sentAt: number): void {
    for (const [i, write] of batch.writes.entries()) {
      if (write.kind === "delete-range") {
        this.#forgetRange(batch.namespace, write.range);
        continue;
      }
      if (!write.key.startsWith(KIND.head)) continue;
      const id = cacheKey(batch.namespace, userKey(write.key));
      this.#cache.changed(id, guard);
      if (!guard.allows(id)) this.#cache.invalidate(id);
      else if (write.kind === "delete") this.#cache.fill(id, absentEntry());
      else this.#cache.fill(id, this.#entryOf(batch.id, write, batch.values[i], result, sentAt));
    }
  }

  #entryOf(version: string, put: Put, value: unknown, { now }: Committed, sentAt: number): DecodedEntry {
    const expiresAt =
      put.expiry === undefined ? Infinity : "in" in put.expiry ? now + put.expiry.in : put.expiry.at;
    const plain = put.type === ENTRY_TYPE.value;
    return {
      version,
      type: put.type,
      value: plain ? value : undefined,
      frozen: this.#decoder.share(plain ? value : undefined),
      expiresAt,
      staleAt: expiresAt === Infinity ? Infinity : sentAt + (expiresAt - now),
      bytes: ENTRY_OVERHEAD_BYTES + put.data.length,
    };
  }

  /** A conflict proves what was cached of its keys wrong; what it brings is as of now. */
  #refused(batch: WrittenBatch, result: Conflicted, sentAt: number): void {
    for (const conflict of result.conflicts) {
      if ("range" in conflict) continue;
      if (!conflict.key.startsWith(KIND.head)) continue;
      const id = cacheKey(batch.namespace, userKey(conflict.key));
      this.#cache.invalidate(id);
      this.#keep(id, conflict.current, batch.namespace, result.now, sentAt);
    }
  }

  #keep(id: string, current: StoredEntry | undefined, namespace: string, now: number, sentAt: number): void {
    try {
      this.#cache.fill(id, this.#decoder.decode(current, namespace, now, sentAt));
    } catch {
      // A damaged value is reported to whoever reads it; here it is just not cached.
    }
  }

  #forget(batch: WrittenBatch): void {
    for (const write of batch.writes) {
      if (write.kind === "delete-range") this.#forgetRange(batch.namespace, write.range);
      else if (write.key.startsWith(KIND.head))
        this.#cache.invalidate(cacheKey(batch.namespace, userKey(write.key)));
    }
  }

  /** Only heads are cached; ranges of them are deleted when a whole namespace is cleared. */
  #forgetRange(namespace: string, range: KeyRange): void {
    if (overlaps(range, HEADS)) this.#cache.invalidateNamespace(namespace);
  }
}
