import type { Batch, Limits } from "../backend.js";

/**
 * Batches in their order, in groups that are each no larger than a single batch may be: a server that takes one batch
 * of some size takes a group of it. A batch that is larger by itself is a group of its own.
 */
export function commitChunks(
  batches: readonly Batch[],
  { maxBatchBytes, maxBatchEntries }: Pick<Limits, "maxBatchBytes" | "maxBatchEntries">,
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

/** The batches of each namespace, in their order. */
export function batchesByNamespace(batches: readonly Batch[]): ReadonlyMap<string, readonly Batch[]> {
  const groups = new Map<string, Batch[]>();
  for (const batch of batches) {
    const group = groups.get(batch.namespace);
    if (group === undefined) groups.set(batch.namespace, [batch]);
    else group.push(batch);
  }
  return groups;
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
