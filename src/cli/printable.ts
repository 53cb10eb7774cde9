/** What steers a terminal or cannot be seen: controls, DEL, C1, directions, joiners, separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Text with everything invisible escaped as JSON would; inside JSON it stands for the same value. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, escaped);
}

/** As {@link printable}, but lines and tabs stay: text of several lines as a terminal should show it. */
export function printableLines(text: string): string {
  return text.replace(INVISIBLE, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

/**
 * A key or namespace on a line of its own: as it is where it is nothing but visible, else quoted as JSON. Distinct names
 * look distinct.
 */
export function printableName(name: string): string {
  const isPlain = name !== "" && !name.startsWith('"') && name.search(INVISIBLE) === -1;
  return isPlain ? name : quoted(name);
}

/** A name in a message: always in quotes. */
export function quoted(name: string): string {
  return printable(JSON.stringify(name));
}

function escaped(char: string): string {
  const short = SHORT_ESCAPES.get(char);
  if (short !== undefined) return short;
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
