/** @throws TypeError when the options of a call are no object, or hold one that it does not know. */
export function requireKnownOptions(kind: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${kind} options must be an object`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`unknown ${kind} option ${JSON.stringify(unknown)}; known: ${known.join(", ")}`);
}
