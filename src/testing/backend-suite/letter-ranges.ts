import { headKey, type StoredKey } from "../../core/key.js";
import { EVERYTHING, HEADS, prefixRange, successor, type KeyRange } from "../../core/range.js";
import { headRange, put, type Rig } from "./rig.js";

export const LETTERS = ["a", "b", "c", "d", "e"];

/** Ranges over the keys a to e, and what they hold. */
export const LETTER_RANGES: readonly (readonly [title: string, range: KeyRange, keys: string])[] = [
  ["everything", EVERYTHING, "abcde"],
  ["all heads", HEADS, "abcde"],
  ["a start that is there", { start: headKey("c") }, "cde"],
  ["a start between two keys", { start: headKey("bb") }, "cde"],
  ["a start after the last key", { start: headKey("f") }, ""],
  ["an end that is there, which is left out", headRange("a", "c"), "ab"],
  ["an end between two keys", headRange("a", "cc"), "abc"],
  ["an end before the first key", { start: "", end: headKey("a") }, ""],
  ["exactly one key", { start: headKey("c"), end: successor(headKey("c")) }, "c"],
  ["a start just after a key", { start: successor(headKey("c")) }, "de"],
  ["both ends outside", { start: HEADS.start, end: headKey("zzz") }, "abcde"],
  ["an empty range", headRange("c", "c"), ""],
  ["an inverted range", headRange("d", "b"), ""],
  ["an empty end", { start: "", end: "" }, ""],
  ["a prefix", prefixRange(headKey("d")), "d"],
  ["a prefix of nothing", prefixRange(headKey("dd")), ""],
];

export async function writeLetters(rig: Rig): Promise<void> {
  await rig.commit({ writes: LETTERS.map((letter) => put(letter)) });
}

export function stored(letters: string): StoredKey[] {
  return Array.from(letters, headKey);
}
