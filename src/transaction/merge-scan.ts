import type { Put, ScanPage, Want, Wanted } from "../backends/backend.js";
import { compareKeys, type StoredKey } from "../core/key.js";
import type { DigestSum } from "../core/range-digest.js";
import { successor, type KeyRange } from "../core/range.js";
import { DELETED, type WriteBuffer } from "./write-buffer.js";

/** An entry of a range as a transaction sees it: its own write, or what is stored. */
export type MergedEntry<W extends Want> =
  | { readonly key: StoredKey; readonly buffered: Put; readonly stored?: undefined }
  | { readonly key: StoredKey; readonly stored: Wanted<W>; readonly buffered?: undefined };

export interface MergeScan<W extends Want> {
  readonly pages: AsyncIterable<ScanPage<W>>;
  readonly buffer: WriteBuffer;
  readonly range: KeyRange;
  readonly reverse: boolean;
  /** Takes up every stored entry that was passed, own writes over it or not. */
  readonly sum: DigestSum;
  /** Told once, at the end or when the caller stops early, which part of the range was seen. */
  readonly covered: (range: KeyRange) => void;
}

/** Merges the stored entries of a range with a transaction's own writes, in key order. */
export async function* mergeScan<W extends Want>(scan: MergeScan<W>): AsyncGenerator<MergedEntry<W>> {
  const { buffer, range, reverse } = scan;
  const own = buffer.keysIn(range, reverse);
  let nextOwn = 0;
  let last: StoredKey | undefined;
  let finished = false;
  try {
    for await (const page of scan.pages) {
      for (const stored of page.entries) {
        while (nextOwn < own.length && compare(own[nextOwn] as StoredKey, stored.key, reverse) < 0) {
          last = own[nextOwn++] as StoredKey;
          const merged = ownEntry<W>(buffer, last);
          if (merged !== undefined) yield merged;
        }
        last = stored.key;
        scan.sum.add(stored.key, stored.version);
        const overwritten = own[nextOwn] === stored.key;
        if (overwritten) nextOwn += 1;
        const merged = overwritten ? ownEntry<W>(buffer, stored.key) : { key: stored.key, stored };
        if (merged !== undefined) yield merged;
      }
    }
    for (; nextOwn < own.length; nextOwn++) {
      last = own[nextOwn] as StoredKey;
      const merged = ownEntry<W>(buffer, last);
      if (merged !== undefined) yield merged;
    }
    finished = true;
  } finally {
    scan.covered(finished ? range : seenUpTo(range, last, reverse));
  }
}

function ownEntry<W extends Want>(buffer: WriteBuffer, key: StoredKey): MergedEntry<W> | undefined {
  const buffered = buffer.get(key);
  return buffered === undefined || buffered === DELETED ? undefined : { key, buffered };
}

function compare(a: StoredKey, b: StoredKey, reverse: boolean): number {
  return reverse ? compareKeys(b, a) : compareKeys(a, b);
}

/** The part of the range from its beginning to `last`, itself included; empty when nothing was passed. */
function seenUpTo(range: KeyRange, last: StoredKey | undefined, reverse: boolean): KeyRange {
  if (last === undefined) return { start: range.start, end: range.start };
  return reverse ? { ...range, start: last } : { start: range.start, end: successor(last) };
}
