import type { Batch, CommitResult } from "../backend.js";
import type { Waiting } from "./busy-retry.js";

/** Waiting for a lock on behalf of several callers: worth it until all of them are over. */
export function waitingForAll(callers: readonly Pick<Batch, "ctx">[]): Waiting {
  return {
    remainingMs: () => Math.max(...callers.map(({ ctx }) => ctx.remainingMs())),
    err: () => {
      const faults = callers.map(({ ctx }) => ctx.err());
      return faults.every((fault) => fault !== undefined) ? faults[0] : undefined;
    },
  };
}

/** The result of each batch when what ended the wait was that all of them were over; undefined when it was something else. */
export function overFaults(batches: readonly Batch[], error: unknown): readonly CommitResult[] | undefined {
  const faults = batches.map(({ ctx }) => ctx.err());
  if (faults.length === 0 || faults[0] !== error) return undefined;
  return faults.map((fault): CommitResult => ({ status: "fault", fault: fault ?? (error as Error) }));
}
