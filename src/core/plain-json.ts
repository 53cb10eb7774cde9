const MARK_UNIT = 36;
/** Past these the careful way takes over, which names the place of what it refuses. */
const MAX_DEPTH = 64;
const MAX_PARTS = 100_000;

let partsLeft = 0;

/**
 * Whether a value as a caller passed it in is nothing but JSON, so that JSON.stringify alone writes what is stored:
 * null, booleans, text, finite numbers but -0, and arrays and plain objects of these, without a field whose name
 * begins with `$` (see tagged-json.ts). Answers false when in doubt. Costs a fifth of a copy.
 */
export function isPlainJson(value: unknown): boolean {
  partsLeft = MAX_PARTS;
  return isPlain(value, 0);
}

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case "object":
      return value === null || (depth < MAX_DEPTH && isPlainObject(value, depth + 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return isPlainArray(value, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype || --partsLeft < 0) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    if (name.charCodeAt(0) === MARK_UNIT || !isPlain(fields[name], depth)) return false;
  }
  return true;
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  partsLeft -= value.length + 1;
  if (partsLeft < 0 || Object.getPrototypeOf(value) !== Array.prototype) return false;
  for (let i = 0; i < value.length; i++) {
    if (!isPlain(value[i], depth)) return false;
  }
  return true;
}
