import type { Batch, Limits } from "../backend.js";

/**
 * Batches in their order, in groups that are each no larger than a single batch may be: a server that takes one batch
 * of some size takes a group of it.
 */
export function commitChunks(
  batches: readonly Batch[],
  { maxBatchBytes, maxBatchEntries }: Limits,
): readonly (readonly Batch[])[] {
  const chunks: Batch[][] = [];
  let bytes = Infinity;
  let items = Infinity;
  for (const batch of batches) {
    const ownItems = batch.writes.length + batch.checks.length + batch.ranges.length;
    const ownBytes = dataBytes(batch);
    if (bytes + ownBytes > maxBatchBytes || items + ownItems > maxBatchEntries) {
      chunks.push([]);
      bytes = 0;
      items = 0;
    }
    chunks.at(-1)?.push(batch);
    bytes += ownBytes;
    items += ownItems;
  }
  return chunks;
}

/** Of texts the most that they can be: a unit of UTF-16 is at most three bytes of UTF-8. */
function dataBytes({ writes }: Batch): number {
  let bytes = 0;
  for (const write of writes) {
    if (write.kind !== "put") continue;
    bytes += typeof write.data === "string" ? write.data.length * 3 : write.data.byteLength;
  }
  return bytes;
}
