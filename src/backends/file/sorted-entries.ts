import { compareKeys, isWide } from "../../core/key.js";
import type { Breather } from "../files/breather.js";
import type { LocalEntry } from "../local/local-entry.js";

const RUN_ENTRIES = 1024;

type Order = (a: LocalEntry, b: LocalEntry) => number;

/**
 * Entries in key order, a page at a time, without ever sorting so many at once that others have to wait: sorted runs,
 * merged pairwise level by level.
 */
export async function sortedEntries(
  entries: readonly LocalEntry[],
  breather: Breather,
): Promise<readonly LocalEntry[]> {
  let runs: LocalEntry[][] = [];
  let order: Order = byUnits;
  for (let start = 0; start < entries.length; start += RUN_ENTRIES) {
    const run = entries.slice(start, start + RUN_ENTRIES);
    if (order === byUnits && run.some(({ key }) => isWide(key))) order = byKey;
    runs.push(run.sort(order));
    if (breather.isDue) await breather.breathe();
  }
  while (runs.length > 1) {
    const merged: LocalEntry[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [left, right] = [runs[i] as LocalEntry[], runs[i + 1]];
      merged.push(right === undefined ? left : await merge(left, right, order, breather));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(
  left: LocalEntry[],
  right: LocalEntry[],
  order: Order,
  breather: Breather,
): Promise<LocalEntry[]> {
  const merged: LocalEntry[] = [];
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const [a, b] = [left[l], right[r]];
    const leftFirst = b === undefined || (a !== undefined && order(a, b) < 0);
    merged.push((leftFirst ? a : b) as LocalEntry);
    if (leftFirst) l += 1;
    else r += 1;
    if (merged.length % RUN_ENTRIES === 0 && breather.isDue) await breather.breathe();
  }
  return merged;
}

function byKey(a: LocalEntry, b: LocalEntry): number {
  return compareKeys(a.key, b.key);
}

/** The same, of keys none of which is wide. */
function byUnits(a: LocalEntry, b: LocalEntry): number {
  return a.key < b.key ? -1 : 1;
}
