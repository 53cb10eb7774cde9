import type { Batch, Limits } from "../backend.js";
import { batchesByNamespace, commitChunks } from "../local/commit-chunks.js";

/** Most bytes of data of one script call, unless a single batch brings more. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/**
 * The batches by namespace, in slices that one script call carries: together no more entries than one batch may have,
 * as the server does nothing else meanwhile.
 */
export function chunksOf(
  batches: readonly Batch[],
  { maxBatchEntries }: Limits,
): ReadonlyMap<string, readonly (readonly Batch[])[]> {
  const limits = { maxBatchEntries, maxBatchBytes: CHUNK_BYTES };
  return new Map(
    Array.from(batchesByNamespace(batches), ([namespace, own]) => [namespace, commitChunks(own, limits)]),
  );
}
