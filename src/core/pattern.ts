import { ANY_RUN, parsePattern, type Token } from "./pattern-parser.js";
import { literalText, segmentOf, type Segment } from "./pattern-segment.js";
import { prefixRange, successor, type KeyRange } from "./range.js";

/** A compiled glob over users' keys; the syntax is told at `parsePattern`. */
export interface Pattern {
  readonly source: string;
  /** The one key it can match, when it holds no wildcard; escapes are resolved. */
  readonly literal: string | undefined;
  /** Among users' keys, all that can match: those that begin with what stands before the first wildcard. */
  readonly range: KeyRange;
  /** Every key of `range` matches, as with `"*"`, `"user:*"` and literals: no test per key is needed. */
  readonly matchesRange: boolean;
  /** Case-sensitive, by code points. Time is linear in the key, for every number of stars: none is tried twice. */
  matches(key: string): boolean;
}

/**
 * Compiles a glob. The empty pattern matches no key.
 *
 * @throws TypeError when it is not a string; StorageFault `invalid-pattern` when it cannot be read.
 */
export function compilePattern(pattern: string): Pattern {
  if (typeof pattern !== "string") throw new TypeError(`a pattern must be a string, not ${typeof pattern}`);
  return new Glob(pattern, parsePattern(pattern));
}

/**
 * A glob as the segments between its stars. The first must begin the key, the last must end it, and each other one
 * is taken where it first occurs after the one before: a later place could not help those that follow.
 */
class Glob implements Pattern {
  readonly source: string;
  readonly literal: string | undefined;
  readonly range: KeyRange;
  readonly matchesRange: boolean;
  readonly #first: Segment;
  readonly #middle: readonly Segment[];
  /** Undefined when there is no star. */
  readonly #last: Segment | undefined;

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.literal = literalText(tokens);
    this.range = this.literal === undefined ? prefixRange(literalPrefix(tokens)) : rangeOfOne(this.literal);
    this.matchesRange = this.literal !== undefined || endsAtFirstWildcard(tokens);
    const [first, ...others] = splitAtStars(tokens).map(segmentOf);
    this.#first = first as Segment;
    this.#last = others.pop();
    this.#middle = others;
  }

  matches(key: string): boolean {
    let at = this.#first.matchAt(key, 0);
    if (this.#last === undefined) return at === key.length;
    for (let i = 0; at >= 0 && i < this.#middle.length; i++) {
      at = (this.#middle[i] as Segment).find(key, at);
    }
    return at >= 0 && this.#last.matchEnd(key, at);
  }
}

function isWildcard(token: Token): boolean {
  return typeof token !== "number";
}

/** The only wildcard is a star at the end. */
function endsAtFirstWildcard(tokens: readonly Token[]): boolean {
  return tokens.findIndex(isWildcard) === tokens.length - 1 && tokens.at(-1) === ANY_RUN;
}

function literalPrefix(tokens: readonly Token[]): string {
  return literalText(tokens.slice(0, tokens.findIndex(isWildcard))) as string;
}

function rangeOfOne(key: string): KeyRange {
  return { start: key, end: successor(key) };
}

function splitAtStars(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token === ANY_RUN) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
