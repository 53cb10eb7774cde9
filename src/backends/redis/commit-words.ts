import { isEmptyRange, type KeyRange } from "../../core/range.js";
import { compareKeys } from "../../core/key.js";
import type { Batch, DeleteRange, Put, Write } from "../backend.js";
import { packWrites } from "./change-record.js";
import { headerText } from "./entry-header.js";
import type { Argument } from "./redis-driver.js";

/** A range that no key is in, in the words of the script, which takes an empty end for none. */
const NO_KEYS: KeyRange = { start: "\u0001", end: "\u0001" };

/** Appends a batch in the words of scripts/commit.lua. */
export function addBatch(words: Argument[], batch: Batch): void {
  const { id, writes } = batch;
  words.push("B", id, packWrites(writes));
  addChecks(words, batch);
  if (writes.some(({ kind }) => kind === "delete-range")) addRanges(words, writes);
  addWrites(words, batch);
}

function addChecks(words: Argument[], { checks, ranges }: Batch): void {
  for (const { key, version } of checks) {
    if (version === null) words.push("N", key);
    else words.push("C", key, version);
  }
  for (const { range, count, digest } of ranges) {
    const { start, end = "" } = isEmptyRange(range) ? NO_KEYS : range;
    words.push("R", start, end, String(count), String(digest.hi), String(digest.lo));
  }
}

/** Puts that stand one after the other share their first word: each word costs the server as much as some bytes do. */
function addWrites(words: Argument[], { id, namespace, writes }: Batch): void {
  let countAt = 0;
  let count = 0;
  for (const write of writes) {
    if (write.kind === "delete") words.push("D", write.key);
    if (write.kind !== "put") {
      count = 0;
      continue;
    }
    const { expiry } = write;
    if (expiry !== undefined && "in" in expiry) {
      words.push("T");
      addEntry(words, namespace, id, write);
      words.push(String(expiry.in));
      count = 0;
      continue;
    }
    if (count === 0) countAt = words.push("P", "") - 1;
    addEntry(words, namespace, id, write);
    count += 1;
    words[countAt] = String(count);
  }
}

function addEntry(words: Argument[], namespace: string, id: string, put: Put): void {
  const { key, data } = put;
  const isText = typeof data === "string";
  const size = isText ? Buffer.byteLength(data) : data.byteLength;
  words.push(key, headerText(namespace, id, put, size), isText ? data : bytesOf(data));
}

function bytesOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** The script counts what each range removes before it removes anything, so they must not overlap. */
function addRanges(words: Argument[], writes: readonly Write[]): void {
  const ranges = writes
    .filter((write): write is DeleteRange => write.kind === "delete-range")
    .map(({ range }) => range)
    .filter((range) => !isEmptyRange(range))
    .sort((a, b) => compareKeys(a.start, b.start));
  for (const { start, end = "" } of disjoint(ranges)) words.push("X", start, end);
}

/** The same keys in ranges that do not overlap; `ranges` stand in the order of their starts. */
function disjoint(ranges: readonly KeyRange[]): readonly KeyRange[] {
  const apart: KeyRange[] = [];
  for (const range of ranges) {
    const last = apart.at(-1);
    if (last === undefined || isBehind(range, last)) apart.push(range);
    else apart[apart.length - 1] = union(last, range);
  }
  return apart;
}

function isBehind(range: KeyRange, last: KeyRange): boolean {
  return last.end !== undefined && compareKeys(range.start, last.end) > 0;
}

function union({ start, end }: KeyRange, other: KeyRange): KeyRange {
  if (end === undefined || other.end === undefined) return { start };
  return { start, end: compareKeys(end, other.end) < 0 ? other.end : end };
}
