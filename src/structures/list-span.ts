import { ENTRY_TYPE } from "../core/entry.js";
import { itemKey } from "../core/incarnation.js";
import type { StoredKey } from "../core/key.js";
import type { KeyRange } from "../core/range.js";
import type { Head } from "../transaction/head.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { putHead, removeStructure, structureOf } from "./structure-head.js";

/**
 * Where the items of a list stand: at whole numbers one after the other, from `first` to before `end`. The left end
 * grows below zero, so that neither end ever moves an item.
 */
export interface ListSpan {
  readonly incarnation: string;
  readonly first: number;
  readonly end: number;
}

/** Added to a position, so that what is written is never negative: far from both ends of the safe integers. */
const ORIGIN = 2 ** 52;
/** Digits of the largest safe integer in base 36: the text of positions then stands in their order. */
const DIGITS = 11;
/** Most places differ from the one made before in their last four digits alone, which are taken from a table, two by two. */
const PAIRS = 36 ** 2;
const LAST_FOUR = PAIRS ** 2;
const PAIR_DIGITS = Array.from({ length: PAIRS }, (_, n) => n.toString(36).padStart(2, "0"));
let leadingBefore = -1;
let leadingDigits = "";

/** The list that a key holds; undefined when it is absent. @throws StorageFault `wrong-type`, `decode`. */
export function spanOf(head: Head | undefined): ListSpan | undefined {
  const list = structureOf(head, ENTRY_TYPE.list);
  if (list === undefined) return undefined;
  const [first, end] = list.numbers;
  return { incarnation: list.incarnation, first, end };
}

export function newSpan(core: TransactionCore): ListSpan {
  return { incarnation: core.services.incarnations.next(), first: 0, end: 0 };
}

export function lengthOf(span: ListSpan | undefined): number {
  return span === undefined ? 0 : span.end - span.first;
}

export function itemAt({ incarnation }: ListSpan, position: number): StoredKey {
  return itemKey(incarnation, placeOf(position));
}

/** The items from one position to before another. */
export function itemsBetween(span: ListSpan, from: number, to: number): StoredKey[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => itemAt(span, from + i));
}

/** The range of the items from one position to before another. */
export function rangeBetween(span: ListSpan, from: number, to: number): KeyRange {
  return { start: itemAt(span, from), end: itemAt(span, to) };
}

/** The position of an index, which counts from the end when it is negative; undefined when it is outside. */
export function positionOf(span: ListSpan, index: number): number | undefined {
  const position = index < 0 ? span.end + index : span.first + index;
  return position >= span.first && position < span.end ? position : undefined;
}

/** The positions of the indexes from `start` to `end`, itself included, as far as there are any: half-open. */
export function clip(span: ListSpan, start: number, end: number): readonly [from: number, to: number] {
  const from = Math.max(span.first, start < 0 ? span.end + start : span.first + start);
  const to = Math.min(span.end, (end < 0 ? span.end + end : span.first + end) + 1);
  return [from, Math.max(from, to)];
}

/** Writes what became of a list: an empty one is none. */
export function putSpan(
  core: TransactionCore,
  key: string,
  before: Pick<Head, "expiry"> | undefined,
  span: ListSpan,
): void {
  const { incarnation, first, end } = span;
  if (first === end) removeStructure(core, key, incarnation);
  else putHead(core, key, before, ENTRY_TYPE.list, { incarnation, numbers: [first, end] });
}

/** @throws TypeError when it is no index. */
export function requireIndex(index: unknown, name: string): asserts index is number {
  if (Number.isSafeInteger(index)) return;
  throw new TypeError(
    `${name} must be a whole number, not ${typeof index === "number" ? index : typeof index}`,
  );
}

function placeOf(position: number): string {
  const shifted = position + ORIGIN;
  const last = shifted % LAST_FOUR;
  const leading = (shifted - last) / LAST_FOUR;
  if (leading !== leadingBefore) {
    leadingBefore = leading;
    leadingDigits = leading.toString(36).padStart(DIGITS - 4, "0");
  }
  const [high, low] = [Math.floor(last / PAIRS), last % PAIRS];
  return leadingDigits + (PAIR_DIGITS[high] as string) + (PAIR_DIGITS[low] as string);
}
