const QUOTE = '"';
const BACKSLASH = 0x5c;
const INDENT = "  ";
const OPENING = /[{[]/;
const CLOSING = /[}\]]/;
const SPACE = /[ \t\n\r]/;

/**
 * JSON on one line, laid out for people: one member or item on each line. Only space is added, so that
 * {@link compactJson} gives back the same text.
 *
 * @param depth of the place where it is going to stand.
 * @returns undefined when there is space in it already, which could not be told from what is added.
 */
export function prettyJson(text: string, depth: number): string | undefined {
  const layout = new Layout(depth);
  for (const [part, isString] of partsOf(text)) {
    if (isString) layout.add(part);
    else if (SPACE.test(part)) return undefined;
    else for (const char of part) layout.addMark(char);
  }
  return layout.text;
}

/** The same JSON without the space between its marks. */
export function compactJson(text: string): string {
  let compact = "";
  for (const [part, isString] of partsOf(text)) compact += isString ? part : part.replace(/[ \t\n\r]+/g, "");
  return compact;
}

class Layout {
  text = "";
  #depth: number;
  /** Whether nothing stands yet in the object or array that was opened last. */
  #isEmpty = false;

  constructor(depth: number) {
    this.#depth = depth;
  }

  add(part: string): void {
    if (this.#isEmpty) this.#newLine();
    this.#isEmpty = false;
    this.text += part;
  }

  addMark(char: string): void {
    if (CLOSING.test(char)) this.#close(char);
    else if (char === ",") this.#separate();
    else if (char === ":") this.text += ": ";
    else this.#open(char);
  }

  #open(char: string): void {
    this.add(char);
    if (!OPENING.test(char)) return;
    this.#depth += 1;
    this.#isEmpty = true;
  }

  #close(char: string): void {
    this.#depth -= 1;
    if (!this.#isEmpty) this.#newLine();
    this.#isEmpty = false;
    this.text += char;
  }

  #separate(): void {
    this.text += ",";
    this.#newLine();
  }

  #newLine(): void {
    this.text += `\n${INDENT.repeat(this.#depth)}`;
  }
}

/** JSON in its parts: strings with their quotes, and what stands between them. */
function* partsOf(text: string): Generator<readonly [part: string, isString: boolean]> {
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf(QUOTE, at);
    if (quote !== at) yield [text.slice(at, quote === -1 ? undefined : quote), false];
    if (quote === -1) return;
    at = stringEnd(text, quote);
    yield [text.slice(quote, at), true];
  }
}

/** After the quote that ends the string which begins at `start`; the end of the text when there is none. */
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf(QUOTE, start + 1); at !== -1; at = text.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
}
