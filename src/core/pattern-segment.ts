import { ANY_POINT, type CharacterClass, type Token } from "./pattern-parser.js";

/** What stands between two stars of a pattern. Places in keys are counted in UTF-16 units. */
export interface Segment {
  /** Where a match that begins at `at` ends, or -1. */
  matchAt(key: string, at: number): number;
  /** Where the first match at or after `from` ends, or -1. */
  find(key: string, from: number): number;
  /** Whether a match that begins at or after `from` ends where the key ends. */
  matchEnd(key: string, from: number): boolean;
}

/** A segment of the tokens between two stars; stars themselves never get here. */
export function segmentOf(tokens: readonly Token[]): Segment {
  const text = literalText(tokens);
  if (text !== undefined) return new LiteralSegment(text);
  return tokens.length > WORD_BITS ? new LongTokenSegment(tokens) : new TokenSegment(tokens);
}

/** The text that tokens stand for when none is a wildcard. */
export function literalText(tokens: readonly Token[]): string | undefined {
  return tokens.every((token) => typeof token === "number") ? String.fromCodePoint(...tokens) : undefined;
}

/** Well-formed text occurs in well-formed text at whole code points only, so that UTF-16 search is exact. */
class LiteralSegment implements Segment {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  matchAt(key: string, at: number): number {
    return key.startsWith(this.#text, at) ? at + this.#text.length : -1;
  }

  find(key: string, from: number): number {
    const at = key.indexOf(this.#text, from);
    return at < 0 ? -1 : at + this.#text.length;
  }

  matchEnd(key: string, from: number): boolean {
    return key.length - this.#text.length >= from && key.endsWith(this.#text);
  }
}

class TokenSegment implements Segment {
  protected readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  matchAt(key: string, at: number): number {
    let end = at;
    for (const token of this.tokens) {
      const point = key.codePointAt(end);
      if (point === undefined || !accepts(token, point)) return -1;
      end += unitsOf(point);
    }
    return end;
  }

  find(key: string, from: number): number {
    let at = from;
    while (at < key.length) {
      const end = this.matchAt(key, at);
      if (end >= 0) return end;
      at += unitsOf(key.codePointAt(at) as number);
    }
    return -1;
  }

  matchEnd(key: string, from: number): boolean {
    const at = placeFromEnd(key, this.tokens.length);
    return at >= from && this.matchAt(key, at) === key.length;
  }
}

const WORD_BITS = 32;
/** Masks kept per segment; more distinct characters than that are rare, and then masks are made again. */
const MOST_MASKS = 1024;

/**
 * A long segment is searched for at all places at once, one bit for each (Shift-And; Baeza-Yates and Gonnet, "A new
 * approach to text searching", 1992): bit i says that the first i + 1 tokens match up to here. Trying place after
 * place would take the product of both lengths.
 */
class LongTokenSegment extends TokenSegment {
  readonly #masks = new Map<number, Uint32Array>();

  override find(key: string, from: number): number {
    const state = new Uint32Array(Math.ceil(this.tokens.length / WORD_BITS));
    const lastBit = 1 << ((this.tokens.length - 1) % WORD_BITS);
    for (let at = from; at < key.length; ) {
      const point = key.codePointAt(at) as number;
      at += unitsOf(point);
      advance(state, this.#maskOf(point));
      if (((state.at(-1) as number) & lastBit) !== 0) return at;
    }
    return -1;
  }

  /** The tokens that accept a code point, one bit for each. */
  #maskOf(point: number): Uint32Array {
    const known = this.#masks.get(point);
    if (known !== undefined) return known;
    const mask = new Uint32Array(Math.ceil(this.tokens.length / WORD_BITS));
    this.tokens.forEach((token, i) => {
      if (accepts(token, point)) mask[i >>> 5] = (mask[i >>> 5] as number) | (1 << (i & 31));
    });
    if (this.#masks.size >= MOST_MASKS) this.#masks.clear();
    this.#masks.set(point, mask);
    return mask;
  }
}

/** Shifts a new match in at the low end, and keeps those that the mask allows. */
function advance(state: Uint32Array, mask: Uint32Array): void {
  let carry = 1;
  for (let i = 0; i < state.length; i++) {
    const word = state[i] as number;
    state[i] = ((word << 1) | carry) & (mask[i] as number);
    carry = word >>> 31;
  }
}

function accepts(token: Token, point: number): boolean {
  if (typeof token === "number") return token === point;
  return token === ANY_POINT || (typeof token === "object" && inClass(token, point));
}

function inClass({ negated, bounds }: CharacterClass, point: number): boolean {
  for (let i = 0; i < bounds.length; i += 2) {
    if (point >= (bounds[i] as number) && point <= (bounds[i + 1] as number)) return !negated;
  }
  return negated;
}

function unitsOf(point: number): number {
  return point > 0xffff ? 2 : 1;
}

/** Where the last `count` code points of a key begin, or -1 when it has fewer. */
function placeFromEnd(key: string, count: number): number {
  let at = key.length;
  for (let left = count; left > 0; left--) {
    if (at <= 0) return -1;
    const unit = key.charCodeAt(at - 1);
    at -= unit >= 0xdc00 && unit < 0xe000 ? 2 : 1;
  }
  return at;
}
