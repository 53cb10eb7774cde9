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
  return text === undefined ? new TokenSegment(tokens) : new LiteralSegment(text);
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
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  matchAt(key: string, at: number): number {
    let end = at;
    for (const token of this.#tokens) {
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
    const at = placeFromEnd(key, this.#tokens.length);
    return at >= from && this.matchAt(key, at) === key.length;
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
