import { headKey, userKey, type StoredKey } from "./key.js";
import { compilePattern, type Pattern } from "./pattern.js";
import { HEADS, intersection, isEmptyRange, rangeBeyond, type KeyRange } from "./range.js";

export interface ListOptions {
  /** Most entries to return. */
  readonly limit?: number;
  /** Begin after this key, itself excluded, whether or not it exists. With `reverse`, below it. */
  readonly after?: string;
  /** Against key order. */
  readonly reverse?: boolean;
}

/** A pattern and list options as a scan of heads carries them out. */
export interface Listing {
  readonly pattern: Pattern;
  /** Stored keys; nothing outside can match. */
  readonly range: KeyRange;
  readonly reverse: boolean;
  /** Infinity when unlimited. */
  readonly limit: number;
  /** No key can match, whatever is stored. */
  readonly isEmpty: boolean;
  matches(key: StoredKey): boolean;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set(["limit", "after", "reverse"]);

/**
 * @throws StorageFault `invalid-pattern`; TypeError for an unknown option, a limit that is not a whole number of at
 * least 0, and an `after` that is no string.
 */
export function planListing(source: string, options: ListOptions = {}): Listing {
  checkOptions(options);
  const pattern = compilePattern(source);
  const reverse = options.reverse === true;
  const whole = intersection(pattern.range, HEADS);
  const range = options.after === undefined ? whole : rangeBeyond(whole, headKey(options.after), reverse);
  const limit = options.limit ?? Infinity;
  return {
    pattern,
    range,
    reverse,
    limit,
    isEmpty: limit === 0 || isEmptyRange(range),
    matches: pattern.matchesRange ? () => true : (key) => pattern.matches(userKey(key)),
  };
}

function checkOptions(options: ListOptions): void {
  if (typeof options !== "object" || options === null) throw new TypeError("list options must be an object");
  const unknown = Object.keys(options).find((name) => !KNOWN_OPTIONS.has(name));
  if (unknown !== undefined)
    throw new TypeError(`unknown list option "${unknown}"; known: limit, after, reverse`);
  const { limit, after, reverse } = options;
  if (limit !== undefined && limit !== Infinity && (!Number.isSafeInteger(limit) || limit < 0)) {
    throw new TypeError(`limit must be a whole number of at least 0, not ${String(limit)}`);
  }
  if (after !== undefined && typeof after !== "string") throw new TypeError("after must be a key");
  if (reverse !== undefined && typeof reverse !== "boolean") {
    throw new TypeError(`reverse must be true or false, not ${typeof reverse}`);
  }
}
