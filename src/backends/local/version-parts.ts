import type { Version } from "../../core/version.js";

/** Digits of a counter that is kept as a number: always a small integer, which takes no memory of its own. */
export const COUNTER_DIGITS = 9;
/** Stems remembered; each is a process that has written to the store. */
const STEM_LIMIT = 1024;

const stems = new Map<string, string>();
let recentStem = "";

/**
 * The part of a version before its counter, the same string for all versions of one process: entries that share it
 * keep a version in 16 bytes instead of 50. Any text can be taken apart; what does not end in digits is all stem.
 */
export function stemOf(version: Version): string {
  if (version.startsWith(recentStem) && hasCounter(version, recentStem.length)) return recentStem;
  recentStem = interned(version.slice(0, counterStart(version)));
  return recentStem;
}

/** The counter after a stem, or -1 when there is none. */
export function counterAfter(stem: string, version: Version): number {
  if (version.length === stem.length) return -1;
  let counter = 0;
  for (let i = stem.length; i < version.length; i++) counter = counter * 10 + version.charCodeAt(i) - 48;
  return counter;
}

export function joinVersion(stem: string, counter: number): Version {
  return counter < 0 ? stem : stem + counter;
}

/** Whether the rest from `start` on is a number that reads back as the same text. */
function hasCounter(version: Version, start: number): boolean {
  const digits = version.length - start;
  if (digits < 1 || digits > COUNTER_DIGITS || version.charCodeAt(start) === 48) return false;
  for (let i = start; i < version.length; i++) if (!isDigit(version.charCodeAt(i))) return false;
  return true;
}

function counterStart(version: Version): number {
  let start = version.length;
  const lowest = Math.max(0, version.length - COUNTER_DIGITS);
  while (start > lowest && isDigit(version.charCodeAt(start - 1))) start -= 1;
  while (start < version.length && version.charCodeAt(start) === 48) start += 1;
  return start;
}

function interned(stem: string): string {
  const known = stems.get(stem);
  if (known !== undefined) return known;
  if (stems.size >= STEM_LIMIT) stems.clear();
  stems.set(stem, stem);
  return stem;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}
