import { StorageFault, quoteName } from "./errors.js";

/**
 * A span of time: a number of milliseconds, or text such as `"250ms"`, `"30s"`, `"5m"`, `"1h30m"`, `"7d"`.
 * Each unit (`d h m s ms`) stands at most once, the largest first; fractions (`"1.5h"`) are accepted.
 */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** 100 million days, the span of a Date: a deadline that far away is still a whole number of milliseconds. */
const LONGEST_MS = 8_640_000_000_000_000;
const EXAMPLES = '"250ms", "30s", "1h30m", "7d"';
const TERM = /(\d+(?:\.\d+)?)(ms|[dhms])/y;

/**
 * Milliseconds of a duration, at least 0 and at most 100 million days.
 *
 * @throws StorageFault `invalid-ttl` for NaN, Infinity, negatives, booleans, longer spans, and text that is not a
 * duration.
 */
export function parseDuration(duration: Duration): number {
  const ms = msOf(duration);
  if (Number.isNaN(ms)) throw refuse(duration);
  return ms;
}

/**
 * As `parseDuration`, of a time that something may take: above 0.
 *
 * @param name of what it is given for, for the message.
 */
export function parseTimeLimit(name: string, duration: Duration): number {
  const ms = msOf(duration);
  if (ms > 0) return ms;
  const advice = `give milliseconds or text such as ${EXAMPLES}, or leave it out`;
  throw new StorageFault("invalid-ttl", `${name}: ${show(duration)} is not a duration above 0; ${advice}`);
}

/** NaN for what is no duration. */
function msOf(duration: unknown): number {
  const ms = typeof duration === "string" ? parseText(duration) : duration;
  return typeof ms === "number" && ms >= 0 && ms <= LONGEST_MS ? ms : Number.NaN;
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
  return new StorageFault(
    "invalid-ttl",
    `${show(duration)} is not a duration; give milliseconds (0 or more) or text such as ${EXAMPLES}`,
  );
}

function show(duration: unknown): string {
  if (typeof duration === "string") return quoteName(duration);
  const shown = typeof duration === "number" || typeof duration === "boolean" || duration == null;
  return shown ? String(duration) : `a value of type ${typeof duration}`;
}
