import { compareKeys } from "./key.js";

/** A half-open range of stored keys in UTF-8 byte order: `start` included, `end` not; no `end` is unbounded. */
export interface KeyRange {
  readonly start: string;
  readonly end?: string;
}

/** Every key. */
export const EVERYTHING: KeyRange = Object.freeze({ start: "" });

/** Every head: the range of users' keys. */
export const HEADS: KeyRange = Object.freeze({ start: "\u0001" });

/** The keys that begin with `prefix`. */
export function prefixRange(prefix: string): KeyRange {
  const end = prefixEnd(prefix);
  return end === undefined ? { start: prefix } : { start: prefix, end };
}

/** The smallest key after `key`. Keys hold no U+0000, so nothing lies between the two. */
export function successor(key: string): string {
  return `${key}\0`;
}

/** The first text after all texts that begin with `prefix`; undefined when there is none. */
function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (char) => char.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}

export function inRange(key: string, range: KeyRange): boolean {
  if (compareKeys(key, range.start) < 0) return false;
  return range.end === undefined || compareKeys(key, range.end) < 0;
}

/** True when no key can be in the range. */
export function isEmptyRange(range: KeyRange): boolean {
  return range.end !== undefined && compareKeys(range.start, range.end) >= 0;
}

/** The part of a range that lies after `key`, or before it when paging backwards. */
export function rangeBeyond(range: KeyRange, key: string, reverse: boolean): KeyRange {
  if (reverse) {
    return range.end !== undefined && compareKeys(range.end, key) <= 0 ? range : { ...range, end: key };
  }
  const next = successor(key);
  return compareKeys(next, range.start) <= 0 ? range : { ...range, start: next };
}

/** Whether two ranges share a key. */
export function overlaps(a: KeyRange, b: KeyRange): boolean {
  if (isEmptyRange(a) || isEmptyRange(b)) return false;
  const aBeforeB = a.end !== undefined && compareKeys(a.end, b.start) <= 0;
  const bBeforeA = b.end !== undefined && compareKeys(b.end, a.start) <= 0;
  return !aBeforeB && !bBeforeA;
}

/** The keys that are in both ranges; may be empty. */
export function intersection(a: KeyRange, b: KeyRange): KeyRange {
  const start = compareKeys(a.start, b.start) < 0 ? b.start : a.start;
  const end = earlierEnd(a.end, b.end);
  return end === undefined ? { start } : { start, end };
}

function earlierEnd(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) < 0 ? a : b;
}
