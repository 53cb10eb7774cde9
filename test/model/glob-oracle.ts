/** Whether a well-formed pattern matches, by trying everything: slow and plain, for short keys. */
export function globMatches(pattern: string, key: string): boolean {
  return matches(Array.from(pattern), Array.from(key));
}

/** What every match begins with, and whether that is all there is to it. */
export function literalStart(pattern: string): { readonly text: string; readonly isWhole: boolean } {
  const chars = Array.from(pattern);
  let text = "";
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === "*" || char === "?" || char === "[") return { text, isWhole: false };
    if (char === "\\") i += 1;
    text += chars[i] as string;
  }
  return { text, isWhole: true };
}

function matches(pattern: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return key.length === 0;
  if (first === "*") return key.some((_, i) => matches(rest, key.slice(i))) || matches(rest, []);
  const [char, ...others] = key;
  if (char === undefined) return false;
  if (first === "?") return matches(rest, others);
  if (first === "[") return matchesSet(rest, char, others);
  if (first === "\\") return rest[0] === char && matches(rest.slice(1), others);
  return first === char && matches(rest, others);
}

function matchesSet(afterBracket: readonly string[], char: string, others: readonly string[]): boolean {
  const end = afterBracket.indexOf("]");
  const negated = afterBracket[0] === "!" || afterBracket[0] === "^";
  const members = afterBracket.slice(negated ? 1 : 0, end);
  return isMember(members, char) !== negated && matches(afterBracket.slice(end + 1), others);
}

/** Members are single characters and ranges of them; the patterns of these tests escape nothing in a set. */
function isMember(members: readonly string[], char: string): boolean {
  const point = (text: string) => text.codePointAt(0) as number;
  for (let i = 0; i < members.length; i++) {
    const [low, dash, high] = members.slice(i, i + 3);
    if (dash === "-" && high !== undefined) {
      if (point(low as string) <= point(char) && point(char) <= point(high)) return true;
      i += 2;
    } else if (low === char) return true;
  }
  return false;
}
