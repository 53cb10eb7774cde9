import { StorageFault } from "./errors.js";
import { setField } from "./set-field.js";

/**
 * How values that JSON does not know are written in JSON. A part is written as an object whose one field is a tag:
 *
 *     Date        {"$date":"2026-01-31T00:00:00.000Z"}, {"$date":null} when invalid
 *     Uint8Array  {"$bytes":"AQID"} (base64)
 *     Map         {"$map":[[key,value],…]}
 *     Set         {"$set":[member,…]}
 *     bigint      {"$bigint":"123"}
 *     number      {"$number":"NaN"}, and "Infinity", "-Infinity", "-0"
 *     undefined   {"$undefined":true}
 *
 * A user's object whose one field has a name that begins with `$` is written with one more `$` in front, and an
 * object whose one field begins with `$$` is read with one less. So every object with one `$` field has one meaning,
 * and no user's object is taken for a tag. Objects with more fields are left alone. The format is stored: never change
 * a line, only add tags.
 */
const MARK = "$";

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** Whether JSON text can hold a tag at all; most text is answered by a search for one character. */
export function mayHoldTags(text: string): boolean {
  return text.includes(MARK) || text.includes("\\u0024");
}

/** The same value made of JSON types only: a new one, which shares nothing with the normalised value. */
export function toTagged(value: unknown): unknown {
  switch (typeof value) {
    case "object":
      return value === null ? null : objectToTagged(value);
    case "number":
      return isJsonNumber(value) ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "bigint":
      return { $bigint: value.toString() };
    case "undefined":
      return { $undefined: true };
    default:
      return value;
  }
}

function objectToTagged(value: object): unknown {
  if (Array.isArray(value)) return value.map(toTagged);
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Uint8Array)
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  if (value instanceof Map)
    return { $map: Array.from(value, ([key, part]) => [toTagged(key), toTagged(part)]) };
  if (value instanceof Set) return { $set: Array.from(value, toTagged) };
  return fieldsToTagged(value as Readonly<Record<string, unknown>>);
}

function fieldsToTagged(fields: Readonly<Record<string, unknown>>): unknown {
  const names = Object.keys(fields);
  const escape = names.length === 1 && (names[0] as string).startsWith(MARK) ? MARK : "";
  const tagged: Record<string, unknown> = {};
  for (const name of names) setField(tagged, escape + name, toTagged(fields[name]));
  return tagged;
}

/** The value that {@link toTagged} was given. Changes `json`, which must be fresh from JSON.parse, in place. */
export function fromTagged(json: unknown): unknown {
  return typeof json === "object" && json !== null ? objectFromTagged(json) : json;
}

function objectFromTagged(json: object): unknown {
  if (Array.isArray(json)) return arrayFromTagged(json);
  const fields = json as Record<string, unknown>;
  const names = Object.keys(fields);
  const first = names[0];
  if (names.length === 1 && first?.startsWith(MARK)) return singleFromTagged(first, fields[first]);
  for (const name of names) {
    const part = fields[name];
    if (typeof part === "object" && part !== null) setField(fields, name, objectFromTagged(part));
  }
  return fields;
}

function arrayFromTagged(json: unknown[]): unknown[] {
  for (let i = 0; i < json.length; i++) json[i] = fromTagged(json[i]);
  return json;
}

/** What an object stands for whose one field begins with the mark: an escaped field, or a tagged part. */
function singleFromTagged(name: string, content: unknown): unknown {
  if (name.startsWith(MARK + MARK)) return { [name.slice(1)]: fromTagged(content) };
  const read = READERS.get(name);
  const value = read?.(content);
  if (value !== undefined) return value;
  if (name === "$undefined" && content === true) return undefined;
  throw new StorageFault("decode", read === undefined ? "an unknown tag" : `a broken ${name} tag`);
}

const SPECIAL_NUMBERS = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Reads the content of a tag; undefined when it is not what {@link toTagged} writes. */
const READERS: ReadonlyMap<string, (content: unknown) => unknown> = new Map<
  string,
  (content: unknown) => unknown
>([
  ["$date", readDate],
  ["$bytes", readBytes],
  ["$map", readMap],
  ["$set", (content) => (Array.isArray(content) ? new Set(content.map(fromTagged)) : undefined)],
  [
    "$bigint",
    (content) => (typeof content === "string" && /^-?\d+$/.test(content) ? BigInt(content) : undefined),
  ],
  ["$number", (content) => SPECIAL_NUMBERS.get(content)],
]);

const ISO_DATE = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function readDate(content: unknown): Date | undefined {
  if (content === null) return new Date(Number.NaN);
  if (typeof content !== "string" || !ISO_DATE.test(content)) return undefined;
  const date = new Date(content);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

// Buffer skips what is not base64, so that damaged text shows as missing bytes.
function readBytes(content: unknown): Uint8Array | undefined {
  if (typeof content !== "string") return undefined;
  const bytes = Buffer.from(content, "base64");
  const padding = content.endsWith("==") ? 2 : content.endsWith("=") ? 1 : 0;
  return bytes.length === (content.length / 4) * 3 - padding ? new Uint8Array(bytes) : undefined;
}

function readMap(content: unknown): Map<unknown, unknown> | undefined {
  if (!Array.isArray(content)) return undefined;
  const map = new Map<unknown, unknown>();
  for (const pair of content) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    map.set(fromTagged(pair[0]), fromTagged(pair[1]));
  }
  return map;
}
