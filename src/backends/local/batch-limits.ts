import { StorageFault } from "../../core/errors.js";
import { userKey } from "../../core/key.js";
import type { Batch, Limits, Put } from "../backend.js";

/** A unit of UTF-16 is at most three bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/** What a batch breaks of a backend's limits: a `too-large` fault, or undefined. */
export function limitFault(batch: Batch, limits: Limits): StorageFault | undefined {
  const items = batch.writes.length + batch.checks.length + batch.ranges.length;
  if (items > limits.maxBatchEntries) {
    return tooLarge(
      batch,
      `a batch of ${items} writes and checks is over the limit of ${limits.maxBatchEntries}; write less at once`,
    );
  }
  return isSurelySmall(batch, limits) ? undefined : sizeFault(batch, limits);
}

/** Decides most batches without counting the bytes of their texts, which walks them. */
function isSurelySmall(batch: Batch, limits: Limits): boolean {
  let most = 0;
  for (const write of batch.writes) if (write.kind === "put") most += write.data.length * BYTES_PER_UNIT;
  return most <= limits.maxValueBytes && most <= limits.maxBatchBytes;
}

function sizeFault(batch: Batch, limits: Limits): StorageFault | undefined {
  let total = 0;
  for (const write of batch.writes) {
    const bytes = write.kind === "put" ? dataBytes(write) : 0;
    total += bytes;
    if (bytes <= limits.maxValueBytes) continue;
    return tooLarge(
      batch,
      `a value of ${bytes} bytes is over the limit of ${limits.maxValueBytes}; split it`,
      write as Put,
    );
  }
  if (total <= limits.maxBatchBytes) return undefined;
  return tooLarge(
    batch,
    `a batch of ${total} bytes is over the limit of ${limits.maxBatchBytes}; write less at once`,
  );
}

function dataBytes({ data }: Put): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
}

function tooLarge({ namespace }: Batch, message: string, put?: Put): StorageFault {
  const details = put === undefined ? { namespace } : { namespace, key: userKey(put.key) };
  return new StorageFault("too-large", message, details);
}
