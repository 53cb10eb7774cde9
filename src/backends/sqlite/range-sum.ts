import type { Digest } from "../../core/range-digest.js";
import { rangeBeyond, type KeyRange } from "../../core/range.js";
import { textOf } from "./entry-row.js";
import { bounds } from "./key-bounds.js";
import type { SqliteConnection } from "./sqlite-connection.js";

/** Rows added up in one statement: a few milliseconds. */
const SLICE_ROWS = 10_000;

const LOW = 0x1_0000_0000;

const SUM = `SELECT count(*) AS rows, total(live) AS live, total(live * (hash_hi & 4294967295)) AS hi,
   total(live * (hash_lo & 4294967295)) AS lo, min(CASE WHEN live THEN expires END) AS until, max(key) AS last
  FROM (SELECT key, expires, hash_hi, hash_lo, (expires IS NULL OR expires > ?) AS live FROM entries
        WHERE ns = ? AND key >= ? AND key < ? ORDER BY key LIMIT ${SLICE_ROWS})`;

const COUNT = `SELECT count(*) AS rows, total(expires IS NULL OR expires > ?) AS live, max(key) AS last
  FROM (SELECT key, expires FROM entries WHERE ns = ? AND key >= ? AND key < ? ORDER BY key LIMIT ${SLICE_ROWS})`;

/** The number of live entries of a range; yields after every slice of work but the last. */
export function* countRange(
  connection: SqliteConnection,
  gen: number,
  range: KeyRange,
  now: number,
  limit = Infinity,
): Generator<void, number> {
  let count = 0;
  for (let rest: KeyRange | undefined = range; ; ) {
    const row = connection.get(COUNT, [now, gen, ...bounds(rest)]) as readonly [number, number, Uint8Array];
    count += row[1];
    if (row[0] < SLICE_ROWS || count >= limit) return Math.min(count, limit);
    rest = rangeBeyond(range, textOf(row[2]), false);
    yield;
  }
}

/** What the live entries of a range add up to. */
export interface RangeSum {
  readonly count: number;
  readonly digest: Digest;
  /** The first deadline among them: from then on the sum is another. */
  readonly untilMs: number;
}

/** As {@link countRange}, with the sum of the hashes. Halves are added up apart: whole ones would pass 2^53. */
export function* sumRange(
  connection: SqliteConnection,
  gen: number,
  range: KeyRange,
  now: number,
): Generator<void, RangeSum> {
  let [count, hi, lo, untilMs] = [0, 0, 0, Infinity];
  for (let rest: KeyRange | undefined = range; ; ) {
    const row = connection.get(SUM, [now, gen, ...bounds(rest)]) as readonly number[];
    count += row[1] as number;
    lo += row[3] as number;
    hi = (hi + (row[2] as number) + Math.floor(lo / LOW)) % LOW;
    lo %= LOW;
    untilMs = Math.min(untilMs, (row[4] as number | null) ?? Infinity);
    if ((row[0] as number) < SLICE_ROWS) return { count, digest: { hi, lo }, untilMs };
    rest = rangeBeyond(range, textOf((row as readonly unknown[])[5] as Uint8Array), false);
    yield;
  }
}
