import { StorageFault } from "./errors.js";

/**
 * A span of time: a number of milliseconds, or text such as `"250ms"`, `"30s"`, `"5m"`, `"1h30m"`, `"7d"`.
 * Each unit (`d h m s ms`) stands at most once, the largest first; fractions (`"1.5h"`) are accepted.
 */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const TERM = /(\d+(?:\.\d+)?)(ms|[dhms])/y;

/**
 * Milliseconds of a duration, at least 0.
 *
 * @throws StorageFault `invalid-ttl` for NaN, Infinity, negatives, booleans, and text that is not a duration.
 */
export function parseDuration(duration: Duration): number {
  const ms = typeof duration === "string" ? parseText(duration) : duration;
  if (typeof ms !== "number" || !Number.isFinite(ms) || ms < 0) throw refuse(duration);
  return ms;
}

function parseText(text: string): number {
  let total = 0;
  let previousUnit = Number.POSITIVE_INFINITY;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length || text === "") {
    const term = TERM.exec(text);
    const unit = term === null ? undefined : UNIT_MS[term[2] as string];
    if (term === null || unit === undefined || unit >= previousUnit) return Number.NaN;
    total += Number(term[1]) * unit;
    previousUnit = unit;
  }
  return total;
}

function refuse(duration: unknown): StorageFault {
  const shown = typeof duration === "string" ? JSON.stringify(duration.slice(0, 64)) : String(duration);
  return new StorageFault(
    "invalid-ttl",
    `${shown} is not a duration; give milliseconds (0 or more) or text such as "250ms", "30s", "1h30m", "7d"`,
  );
}
