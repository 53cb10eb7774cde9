/** One slip for every three letters, three at most. */
const LETTERS_PER_SLIP = 3;
const MOST_SLIPS = 3;

/** The candidate that `name` was most likely meant to be, or undefined when none is near. Letter case does not count. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.min(MOST_SLIPS, Math.floor(name.length / LETTERS_PER_SLIP)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** `; did you mean "…"`, or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? "" : `; did you mean "${nearest}"`;
}

/**
 * Letters to insert, delete, replace or swap with their neighbour to get from `a` to `b`, no letter touched twice
 * (optimal string alignment, after Wagner and Fischer, by rows).
 */
function editDistance(a: string, b: string): number {
  let above: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(stepCost(a, b, i, j, above, row, next));
    [above, row] = [row, next];
  }
  return row[b.length] as number;
}

function stepCost(
  a: string,
  b: string,
  i: number,
  j: number,
  above: readonly number[],
  row: readonly number[],
  next: readonly number[],
): number {
  const replaced = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
  const shifted = Math.min(row[j + 1] as number, next[j] as number) + 1;
  const swappable = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
  return Math.min(replaced, shifted, swappable ? (above[j - 1] as number) + 1 : Infinity);
}
