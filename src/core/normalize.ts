import { types } from "node:util";
import { Refusal } from "./refusal.js";
import { setField } from "./set-field.js";

/** Deepest nesting of a stored value; `[[1]]` has two levels. */
export const MAX_VALUE_DEPTH = 1000;
/** Most parts of a value: elements of arrays, and two for each object. Bounds what shared references can unfold to. */
const MAX_VALUE_PARTS = 2 ** 25;
/** From this level on the objects above are remembered, so that a cycle is noticed within one turn. */
const WATCH_FROM_DEPTH = 16;

/** What one walk through a value keeps. */
class Walk {
  partsLeft = MAX_VALUE_PARTS;
  /** The objects from level `watchFrom` down to the current one. */
  readonly above: object[] = [];
  readonly watchFrom: number;
  metCycle = false;

  constructor(watchFrom: number) {
    this.watchFrom = watchFrom;
  }
}

/**
 * A private copy of what a caller passed in, in stored form: JSON types, Date, Uint8Array, Map, Set, bigint and,
 * inside objects and arrays, undefined. Later changes to the original do not touch it.
 *
 * - Class instances become plain objects of their own enumerable fields with text names, or what their `toJSON`
 *   returns; boxed primitives become primitives, Buffers Uint8Arrays, holes of arrays undefined.
 * - NaN, ±Infinity, -0, invalid Dates and ill-formed text are kept as they are.
 * - An object that occurs twice is copied twice.
 *
 * @throws StorageFault `unserializable`, naming the path, for functions, symbols, cycles, promises, weak
 * collections, RegExps, ArrayBuffers and views other than Uint8Array, a top-level undefined, more than
 * {@link MAX_VALUE_DEPTH} levels, and when a getter, proxy or `toJSON` throws (kept as the cause); `too-large` when
 * shared references or a sparse array unfold to more than 2^25 parts.
 */
export function normalizeValue(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  const walk = new Walk(WATCH_FROM_DEPTH);
  try {
    return copyAll(value, walk);
  } catch (error) {
    throw (walk.metCycle ? whereItCloses(value, error) : Refusal.from(error)).toFault();
  }
}

function copyAll(value: unknown, walk: Walk): unknown {
  const copy = copyValue(value, 1, walk);
  if (copy === undefined)
    throw new Refusal("undefined cannot be stored by itself; store null, or delete the key");
  return copy;
}

/** Watched from the top, a cycle is met where it first comes back, and not after some rounds in it. */
function whereItCloses(value: unknown, error: unknown): Refusal {
  const walk = new Walk(1);
  try {
    copyAll(value, walk);
  } catch (again) {
    if (walk.metCycle) return Refusal.from(again);
  }
  return Refusal.from(error);
}

function copyValue(value: unknown, depth: number, walk: Walk): unknown {
  switch (typeof value) {
    case "object":
      return value === null ? null : copyObject(value, depth, walk);
    case "function":
    case "symbol":
      throw new Refusal(`a ${typeof value} cannot be stored`);
    default:
      return value;
  }
}

function copyObject(source: object, depth: number, walk: Walk): unknown {
  if (depth >= walk.watchFrom) descend(source, depth, walk);
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype === Array.prototype && Array.isArray(source)) return copyArray(source, depth, walk);
  if (prototype !== Object.prototype && prototype !== null) {
    const copy = copyBuiltin(source, depth, walk);
    if (copy !== undefined) return copy;
  }
  const { toJSON } = source as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return copyAsJson(source, toJSON, depth, walk);
  return Array.isArray(source) ? copyArray(source, depth, walk) : copyFields(source, depth, walk);
}

/** Refuses cycles and values nested too deep. A cycle that begins higher up is met again here, below. */
function descend(source: object, depth: number, walk: Walk): void {
  if (depth > MAX_VALUE_DEPTH) throw new Refusal(`more than ${MAX_VALUE_DEPTH} levels cannot be stored`);
  const { above } = walk;
  above.length = depth - walk.watchFrom;
  if (above.includes(source)) {
    walk.metCycle = true;
    throw new Refusal("a cycle cannot be stored; refer to the object by a key or an id");
  }
  above.push(source);
}

function spend(walk: Walk, parts: number): void {
  walk.partsLeft -= parts;
  if (walk.partsLeft < 0) throw new Refusal("the value has too many parts", "too-large");
}

function copyArray(source: readonly unknown[], depth: number, walk: Walk): unknown[] {
  const { length } = source;
  spend(walk, length + 2);
  const copy = new Array<unknown>(length);
  let i = 0;
  try {
    for (; i < length; i++) copy[i] = copyValue(source[i], depth + 1, walk);
  } catch (error) {
    throw Refusal.from(error).at(i);
  }
  return copy;
}

function copyFields(source: object, depth: number, walk: Walk): object {
  spend(walk, 2);
  const fields = source as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields);
  const copy: Record<string, unknown> = {};
  let name = "";
  try {
    for (name of names) setField(copy, name, copyValue(fields[name], depth + 1, walk));
  } catch (error) {
    throw Refusal.from(error).at(name);
  }
  return copy;
}

/** As JSON.stringify does, the result of `toJSON` is not asked for its own. */
function copyAsJson(source: object, toJSON: Function, depth: number, walk: Walk): unknown {
  const result: unknown = toJSON.call(source, "");
  if (typeof result !== "object" || result === null) return copyValue(result, depth, walk);
  if (Array.isArray(result)) return copyArray(result, depth, walk);
  return copyBuiltin(result, depth, walk) ?? copyFields(result, depth, walk);
}

/** The copy of a built-in that is not made of fields, undefined for any other object. Works across realms. */
function copyBuiltin(source: object, depth: number, walk: Walk): unknown {
  // Rules out class instances at once; the tests below cost ten times as much.
  if (Object.prototype.toString.call(source) === "[object Object]") return undefined;
  if (types.isUint8Array(source)) return new Uint8Array(source);
  if (types.isDate(source)) return new Date(source.getTime());
  if (types.isMap(source)) return copyMap(source, depth, walk);
  if (types.isSet(source)) return copySet(source, depth, walk);
  if (types.isBoxedPrimitive(source)) return copyValue(source.valueOf(), depth, walk);
  const kind = refusedKind(source);
  if (kind !== undefined) throw new Refusal(`${kind} cannot be stored`);
  return undefined;
}

const BRANDED = [Map, Set, Date, Uint8Array, Promise, RegExp] as const;

function refusedKind(source: object): string | undefined {
  if (types.isPromise(source)) return "a promise (is an await missing?)";
  if (types.isRegExp(source)) return "a RegExp";
  if (types.isWeakMap(source) || types.isWeakSet(source) || source instanceof WeakRef)
    return "a weak reference";
  if (types.isAnyArrayBuffer(source)) return "an ArrayBuffer (wrap it in a Uint8Array)";
  if (ArrayBuffer.isView(source)) return "a view other than Uint8Array";
  return BRANDED.some((brand) => source instanceof brand) ? "a proxy of a built-in object" : undefined;
}

function copyMap(source: ReadonlyMap<unknown, unknown>, depth: number, walk: Walk): Map<unknown, unknown> {
  spend(walk, 2 + source.size);
  const copy = new Map<unknown, unknown>();
  let place = "key";
  try {
    for (const [key, value] of source) {
      place = "key";
      const copiedKey = copyValue(key, depth + 1, walk);
      place = "value";
      copy.set(copiedKey, copyValue(value, depth + 1, walk));
    }
  } catch (error) {
    throw Refusal.from(error).at(copy.size).at(place);
  }
  return copy;
}

function copySet(source: ReadonlySet<unknown>, depth: number, walk: Walk): Set<unknown> {
  spend(walk, 2 + source.size);
  const copy = new Set<unknown>();
  try {
    for (const member of source) copy.add(copyValue(member, depth + 1, walk));
  } catch (error) {
    throw Refusal.from(error).at(copy.size);
  }
  return copy;
}
