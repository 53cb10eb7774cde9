import type { Batch, CommitResult } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { isCorruption, StorageFault, type Reason } from "../core/errors.js";

/** Why a store that is sound no longer takes writes; with other reasons it is the write that cannot be carried out. */
const OF_THE_STORE: ReadonlySet<Reason> = new Set<Reason>([
  "unavailable",
  "denied",
  "locked",
  "no-space",
  "busy",
  "io",
  "timeout",
]);

interface Failure {
  readonly fault: StorageFault;
  /** The write had resolved; what failed was to make it durable. */
  readonly isUnsaved: boolean;
}

/** Knows whether a store takes writes: what the last one failed with, until one succeeds. */
export class WriteHealth {
  #failure: Failure | undefined;

  /** What the last write failed with, by no fault of its own; undefined once a later one succeeded. */
  get failure(): StorageFault | undefined {
    return this.#failure?.fault;
  }

  /** The backend has answered a commit call. */
  answered(batches: readonly Batch[], results: readonly CommitResult[]): void {
    for (let i = 0; i < batches.length; i++) {
      const batch = batches[i] as Batch;
      const result = results[i];
      if (result?.status === "fault") this.#note(result.fault, [batch.ctx], false);
      // The hot path of every write.
      else if (this.#failure !== undefined && result?.status === "committed" && batch.writes.length > 0)
        this.#failure = undefined;
    }
  }

  /** A commit call has failed as a whole. */
  failed(batches: readonly Batch[], error: unknown): void {
    const callers = batches.map(({ ctx }) => ctx);
    this.#note(error, callers, false);
  }

  /** What had been written could not be made durable in the background. */
  unsaved(error: unknown): void {
    this.#note(error, [], true);
  }

  /** Waits for a flush, which makes up for what was unsaved; it says nothing of new writes. */
  async flushed(ctx: Context, flush: Promise<void> | undefined): Promise<void> {
    try {
      await flush;
    } catch (error) {
      this.#note(error, [ctx], true);
      throw error;
    }
    if (this.#failure?.isUnsaved === true) this.#failure = undefined;
  }

  /** @param callers whose own time may have been over, which says nothing of the store. */
  #note(error: unknown, callers: readonly Context[], isUnsaved: boolean): void {
    const fault = error instanceof StorageFault ? error : unforeseen(error);
    if (!OF_THE_STORE.has(fault.reason) && !isCorruption(fault.reason)) return;
    const isImpatience = fault.reason === "timeout" && callers.some((ctx) => ctx.err() !== undefined);
    if (isImpatience) return;
    // A flush that succeeds after a refused write does not tell that one would be taken.
    this.#failure = { fault, isUnsaved: isUnsaved && this.#failure?.isUnsaved !== false };
  }
}

function unforeseen(cause: unknown): StorageFault {
  return new StorageFault("io", cause instanceof Error ? cause.message : String(cause), { cause });
}
