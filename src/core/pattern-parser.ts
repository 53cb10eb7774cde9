import { StorageFault, quoteName } from "./errors.js";

/** Longest pattern, in bytes of UTF-8. */
export const MAX_PATTERN_BYTES = 4096;

/** `[…]`: ranges of code points as pairs `first, last`, both included. */
export interface CharacterClass {
  readonly negated: boolean;
  readonly bounds: readonly number[];
}

export const ANY_RUN = "*";
export const ANY_POINT = "?";

/** A code point that stands for itself, a class, any one code point, or any run of them. */
export type Token = number | CharacterClass | typeof ANY_POINT | typeof ANY_RUN;

/**
 * Reads a pattern: `*` any run of characters, `?` any one, `[abc]` `[a-z]` one of these, `[!a]` `[^a]` one but these,
 * `\` takes the next character as it is, also inside brackets. A `]` right after `[`, `[!` or `[^` stands for itself,
 * and so does a `-` that is first or last.
 *
 * @throws StorageFault `invalid-pattern`, naming the place, for an unclosed `[`, a trailing `\`, a range that runs
 * backwards, ill-formed text, and more than 4096 bytes.
 */
export function parsePattern(source: string): Token[] {
  if (source.length * 3 > MAX_PATTERN_BYTES && Buffer.byteLength(source) > MAX_PATTERN_BYTES) {
    throw new StorageFault(
      "invalid-pattern",
      `a pattern must be at most ${MAX_PATTERN_BYTES} bytes of UTF-8`,
    );
  }
  return new PatternParser(source).tokens();
}

/** Positions are counted in code points, from 0. */
class PatternParser {
  readonly #source: string;
  readonly #points: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#points = Array.from(source);
  }

  tokens(): Token[] {
    const tokens: Token[] = [];
    while (this.#at < this.#points.length) {
      const token = this.#token();
      if (token !== ANY_RUN || tokens.at(-1) !== ANY_RUN) tokens.push(token);
    }
    return tokens;
  }

  #token(): Token {
    const char = this.#points[this.#at];
    if (char === ANY_RUN || char === ANY_POINT) {
      this.#at += 1;
      return char;
    }
    return char === "[" ? this.#class() : this.#point();
  }

  /** One code point, escaped or not. */
  #point(): number {
    const start = this.#at;
    if (this.#points[this.#at] === "\\") this.#at += 1;
    const char = this.#points[this.#at];
    if (char === undefined) throw this.#refuse("a \\ with nothing after it", start);
    if (!char.isWellFormed()) throw this.#refuse("a lone surrogate", this.#at);
    this.#at += 1;
    return char.codePointAt(0) as number;
  }

  #class(): CharacterClass {
    const start = this.#at;
    this.#at += 1;
    const negated = this.#points[this.#at] === "!" || this.#points[this.#at] === "^";
    if (negated) this.#at += 1;
    const bounds: number[] = [];
    do {
      if (this.#at >= this.#points.length) throw this.#refuse("a [ that is never closed", start);
      this.#range(bounds);
    } while (this.#points[this.#at] !== "]");
    this.#at += 1;
    return { negated, bounds };
  }

  #range(bounds: number[]): void {
    const start = this.#at;
    const first = this.#point();
    const last = this.#rangeFollows() ? this.#rangeEnd() : first;
    if (last < first) throw this.#refuse("a range that runs backwards", start);
    bounds.push(first, last);
  }

  #rangeFollows(): boolean {
    const after = this.#points[this.#at + 1];
    return this.#points[this.#at] === "-" && after !== undefined && after !== "]";
  }

  #rangeEnd(): number {
    this.#at += 1;
    return this.#point();
  }

  #refuse(flaw: string, position: number): StorageFault {
    const place = `at character ${position + 1} of the pattern ${quoteName(this.#source)}`;
    return new StorageFault(
      "invalid-pattern",
      `${flaw} ${place}; write \\ before a character that stands for itself`,
    );
  }
}
