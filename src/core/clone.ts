import { setField } from "./set-field.js";

/**
 * Copies a value that `normalizeValue` or a codec made: JSON types, Date, Uint8Array, Map, Set, bigint, undefined.
 * For other values use `normalizeValue`, which also refuses what cannot be stored. The hot path of a cached get.
 */
export function cloneValue<T>(value: T): T {
  return (typeof value === "object" && value !== null ? cloneObject(value) : value) as T;
}

function cloneObject(source: object): object {
  if (Array.isArray(source)) return cloneArray(source);
  return Object.getPrototypeOf(source) === Object.prototype ? cloneFields(source) : cloneBuiltin(source);
}

// Read from the source: reading the copy that is being written costs four times as much on arrays of numbers.
function cloneArray(source: readonly unknown[]): unknown[] {
  const copy = source.slice();
  const { length } = source;
  for (let i = 0; i < length; i++) {
    const part = source[i];
    if (typeof part === "object" && part !== null) copy[i] = cloneObject(part);
  }
  return copy;
}

// A spread copies all fields at once, own `__proto__` included; then only nested objects are replaced.
function cloneFields(source: object): object {
  const copy: Record<string, unknown> = { ...source };
  for (const name in copy) {
    const part = copy[name];
    // `in` also names what somebody added to Object.prototype.
    if (typeof part === "object" && part !== null && Object.hasOwn(copy, name)) {
      setField(copy, name, cloneObject(part));
    }
  }
  return copy;
}

function cloneBuiltin(source: object): object {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (source instanceof Date) return new Date(source.getTime());
  if (source instanceof Set) return cloneSet(source);
  return cloneMap(source as Map<unknown, unknown>);
}

function cloneMap(source: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  const copy = new Map<unknown, unknown>();
  for (const [key, value] of source) copy.set(cloneValue(key), cloneValue(value));
  return copy;
}

function cloneSet(source: ReadonlySet<unknown>): Set<unknown> {
  const copy = new Set<unknown>();
  for (const member of source) copy.add(cloneValue(member));
  return copy;
}

/**
 * Freezes a normalised value through and through.
 *
 * @returns false when it holds a part that cannot be frozen (Date, Map, Set, Uint8Array); what else it holds may
 * then be frozen or not, and the caller shares copies instead.
 */
export function freezeValue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const part of Object.values(value)) {
    if (!freezeValue(part)) return false;
  }
  Object.freeze(value);
  return true;
}
