import type { Batch, Limits } from "../backend.js";

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
  const chunks = new Map<string, Batch[][]>();
  const sizes = new Map<string, { entries: number; bytes: number }>();
  for (const batch of batches) {
    const { namespace } = batch;
    const entries = batch.writes.length + batch.checks.length + batch.ranges.length;
    const bytes = bytesOf(batch);
    const size = sizes.get(namespace);
    if (size === undefined || size.entries + entries > maxBatchEntries || size.bytes + bytes > CHUNK_BYTES) {
      const slices = chunks.get(namespace) ?? [];
      slices.push([batch]);
      chunks.set(namespace, slices);
      sizes.set(namespace, { entries, bytes });
    } else {
      chunks.get(namespace)?.at(-1)?.push(batch);
      size.entries += entries;
      size.bytes += bytes;
    }
  }
  return chunks;
}

/** Roughly: text counts by its units. */
function bytesOf({ writes }: Batch): number {
  let bytes = 0;
  for (const write of writes) if (write.kind === "put") bytes += write.data.length;
  return bytes;
}
