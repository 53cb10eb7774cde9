import { textOf, asBuffer } from "./entry-row.js";
import type { Row } from "./sqlite-database.js";

/** Larger data is fetched on its own, so that rows that come together are never large together. */
export const INLINE_BYTES = 4096;

/**
 * SQL for many rows in one: their number, lists of lengths, and all their bytes behind one another. Handing a row with blobs
 * to JavaScript costs a driver some microseconds; this costs a quarter. Wants a subquery that gives `key`, `head` and
 * `data` in the order wanted.
 */
export function packed(key: string, withData: boolean): string {
  const inline = withData ? ` || CASE WHEN length(data) <= ${INLINE_BYTES} THEN data ELSE x'' END` : "";
  return (
    `count(*) AS rows, CAST(group_concat(length(${key})) AS BLOB) AS keys, ` +
    "CAST(group_concat(length(head)) AS BLOB) AS heads, CAST(group_concat(length(data)) AS BLOB) AS datas, " +
    `CAST(group_concat(${key} || head${inline}, '') AS BLOB) AS slab`
  );
}

export interface PackedRow {
  readonly key: Uint8Array;
  readonly head: Uint8Array;
  readonly dataBytes: number;
  /** Undefined when it was not asked for, or is larger than {@link INLINE_BYTES}. */
  readonly data: Uint8Array | undefined;
}

/** The rows in such a row. */
export function* unpack(row: Row, withData: boolean): Generator<PackedRow> {
  const [count, keys, heads, datas, slab] = row as [number, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  if (count === 0) return;
  const [keyLengths, headLengths, dataLengths] = [lengths(keys), lengths(heads), lengths(datas)];
  const bytes = asBuffer(slab);
  let at = 0;
  const next = (length: number) => bytes.subarray(at, (at += length));
  for (let i = 0; i < count; i++) {
    const dataBytes = dataLengths[i] as number;
    const key = next(keyLengths[i] as number);
    const head = next(headLengths[i] as number);
    const data = withData && dataBytes <= INLINE_BYTES ? next(dataBytes) : undefined;
    yield { key, head, dataBytes, data };
  }
}

function lengths(list: Uint8Array): number[] {
  return textOf(list).split(",").map(Number);
}
