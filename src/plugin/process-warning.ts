/** What a warning says beyond its words: the failure that it is about, a file, a count. */
export type WarningDetails = Readonly<Record<string, unknown>>;

/** Tells a warning that nobody else listens to, with what its details say in words. */
export function warnProcess(message: string, details: WarningDetails = {}): void {
  const detail = Object.entries(details)
    .flatMap(([name, value]) => lineOf(name, value) ?? [])
    .join("\n");
  process.emitWarning(message, { type: "HoldfastWarning", ...(detail !== "" && { detail }) });
}

/** Of an error its own message alone: what caused it may quote data. Anything larger is for those who listen. */
function lineOf(name: string, value: unknown): string | undefined {
  if (value instanceof Error) return `${name}: ${value.message}`;
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? `${name}: ${value}` : undefined;
}
