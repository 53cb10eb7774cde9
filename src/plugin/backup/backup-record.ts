import { isUtf8 } from "node:buffer";
import { codec } from "../../core/codec.js";
import { ENTRY_TYPE, type EntryType, type Payload, type StoredEntry } from "../../core/entry.js";
import { incarnationOfItem, isIncarnation } from "../../core/incarnation.js";
import { checkKey, isHead, KIND, MAX_STORED_KEY_BYTES, type StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";

/** An entry as a backup holds it: its own version is kept for comparing, a restore gives it another one. */
export type BackupEntry = Omit<StoredEntry, "size">;

/** One line of a segment. Carried out in their order, the records of a namespace give what it held. */
export type BackupRecord =
  | { readonly kind: "put"; readonly entry: BackupEntry }
  | { readonly kind: "delete"; readonly key: StoredKey }
  | { readonly kind: "delete-range"; readonly range: KeyRange };

const JSON_CODEC = codec("json").id;
/** The longest that a record without its data can be: a key at its limit, every character of it escaped, and more. */
export const MAX_HEADER_BYTES = 32 * 1024;
/** The last member, which ends the line: JSON of a value's own, or a string. Inside of strings quotes are escaped. */
const DATA = /,"(value|text|base64)":/;
const VALUE = ',"value":';
/** What a line must not hold. */
const BROKEN_LINE = /[\n\0]/;
const TYPES: ReadonlySet<unknown> = new Set(Object.values(ENTRY_TYPE));

/** The line of a record, without newline and checksum. */
export function encodeRecord(record: BackupRecord): string {
  if (record.kind === "delete") return JSON.stringify({ delete: record.key });
  if (record.kind === "delete-range") {
    const { start, end } = record.range;
    return JSON.stringify({ deleteRange: end === undefined ? [start] : [start, end] });
  }
  const { key, version, type, codec: by, expiresAt, incarnation } = record.entry;
  const fields = JSON.stringify({ put: key, version, type, codec: by, expiresAt, incarnation });
  return fields.slice(0, -1) + valueMember(record.entry);
}

function valueMember({ codec: by, data }: Payload): string {
  const text = textOf(by, data);
  if (text === undefined) return `,"base64":"${bytesOf(data as Uint8Array).toString("base64")}"}`;
  if (by === JSON_CODEC && !BROKEN_LINE.test(text)) return `${VALUE}${text}}`;
  return `,"text":${JSON.stringify(text)}}`;
}

/** What JSON was encoded to is text, whether its backend keeps text or bytes. */
function textOf(by: number, data: string | Uint8Array): string | undefined {
  if (typeof data === "string") return data;
  return by === JSON_CODEC && isUtf8(data) ? bytesOf(data).toString() : undefined;
}

function bytesOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The record of a line. Throws whatever a malformed one leads to. What stands beside the data is short, so that no line
 * makes more objects than a record has.
 */
export function decodeRecord(json: string): BackupRecord {
  const found = DATA.exec(json.slice(0, MAX_HEADER_BYTES));
  demand(found !== null || json.length <= MAX_HEADER_BYTES, "a header");
  const header = found === null ? json : `${json.slice(0, found.index)}}`;
  const fields = JSON.parse(header) as Record<string, unknown>;
  if (found === null) return removalOf(fields);
  const data = dataOf(found[1] as string, json.slice(found.index + found[0].length, -1));
  return { kind: "put", entry: { ...headerOf(fields), data } };
}

function removalOf(fields: Record<string, unknown>): BackupRecord {
  if ("delete" in fields) return { kind: "delete", key: storedKey(fields["delete"]) };
  return { kind: "delete-range", range: rangeOf(fields["deleteRange"]) };
}

function headerOf(fields: Record<string, unknown>): Omit<BackupEntry, "data"> {
  const { put, version, type, codec: by, expiresAt, incarnation } = fields;
  demand(typeof version === "string" && version !== "" && version.length <= 24, "a version");
  demand(TYPES.has(type), "a known type");
  demand(Number.isInteger(by) && (by as number) >= 1 && (by as number) <= 255, "a codec");
  demand(expiresAt === undefined || isMoment(expiresAt), "a deadline");
  demand(incarnation === undefined || isIncarnation(incarnation), "an incarnation");
  const key = storedKey(put);
  const deadline = expiresAt === undefined ? {} : { expiresAt: expiresAt as number };
  const whose = incarnation === undefined ? {} : { incarnation: incarnation as string };
  return {
    key,
    version,
    type: type as EntryType,
    codec: by as number,
    ...deadline,
    ...whose,
  };
}

function dataOf(member: string, json: string): string | Uint8Array {
  if (member === "value") return json;
  demand(json.startsWith('"'), "a value");
  const text = JSON.parse(json) as string;
  if (member === "text") return text;
  demand(/^[\w+/]*={0,2}$/.test(text), "a value");
  return Buffer.from(text, "base64");
}

function rangeOf(bounds: unknown): KeyRange {
  demand(Array.isArray(bounds) && bounds.every((bound) => typeof bound === "string"), "a range");
  const [start, end] = bounds;
  demand(start !== undefined, "a range");
  return end === undefined ? { start } : { start, end };
}

/** A key that a store may hold: nobody could ever read or remove another one. */
function storedKey(key: unknown): StoredKey {
  demand(typeof key === "string" && key !== "", "a key");
  if (isHead(key)) checkKey(key);
  else demand(isOther(key) && key.isWellFormed() && Buffer.byteLength(key) <= MAX_STORED_KEY_BYTES, "a key");
  return key;
}

function isOther(key: StoredKey): boolean {
  return Object.values(KIND).some((kind) => key.startsWith(kind));
}

function isMoment(time: unknown): boolean {
  return typeof time === "number" && time >= 0 && time <= Number.MAX_SAFE_INTEGER;
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new TypeError(`${what} is missing or malformed`);
}

/** The incarnation that a stored key, or a bound of a range, stands under; undefined for anything else than an item. */
export function incarnationOf(key: StoredKey): string | undefined {
  if (!key.startsWith(KIND.item)) return undefined;
  const incarnation = incarnationOfItem(key);
  return isIncarnation(incarnation) ? incarnation : undefined;
}
