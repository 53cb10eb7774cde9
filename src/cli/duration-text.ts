const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** A span of time as options take it: `1h30m`, `250ms`; `0` for none. */
export function durationText(ms: number): string {
  let left = Math.ceil(ms);
  const terms = UNITS.map(([unit, size]) => {
    const times = Math.floor(left / size);
    left -= times * size;
    return times === 0 ? "" : `${times}${unit}`;
  });
  return terms.join("") || "0";
}

const LONG_MS = 10_000;

/** The same for people: beyond ten seconds without milliseconds, rounded up. */
export function roundDurationText(ms: number): string {
  return durationText(ms < LONG_MS ? ms : Math.ceil(ms / 1000) * 1000);
}
