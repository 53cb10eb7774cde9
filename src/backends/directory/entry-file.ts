import { crc32 } from "node:zlib";
import { payloadChecksum } from "../../core/envelope.js";
import { ENTRY_TYPE, type EntryType, type Payload, type StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import { compactJson, prettyJson } from "./pretty-json.js";

const ENTRY_FORMAT = 1;

/** The codec whose text is JSON. */
const JSON_CODEC = 1;
const TYPE_NAMES = Object.keys(ENTRY_TYPE) as readonly (keyof typeof ENTRY_TYPE)[];
/** Stands before the value, which comes last; nothing within a value is indented so little. */
const VALUE_AT = ',\n  "value": ';
const END = "\n}\n";

/** An entry as its file tells it. */
export interface EntryFile extends Payload {
  readonly namespace: string;
  readonly key: StoredKey;
  readonly version: Version;
  readonly type: EntryType;
  readonly incarnation?: string;
  readonly expiresAt?: number;
}

/** What the bytes of a file are. `edited`: an entry's, but not as it was written. */
export type EntryFileContent =
  | { readonly kind: "intact" | "edited"; readonly entry: EntryFile }
  | { readonly kind: "newer-format" | "decode" | "foreign"; readonly flaw: string };

/** The members that stand before the value. */
interface EntryHead {
  readonly holdfast: string;
  readonly format: number;
  readonly namespace: string;
  readonly key: string;
  readonly type: keyof typeof ENTRY_TYPE;
  readonly version: string;
  readonly codec: number;
  readonly incarnation?: string;
  readonly expiresAt?: number;
  readonly crc: string;
}

type EntryDocument = EntryHead & {
  readonly value?: unknown;
  readonly text?: unknown;
  readonly base64?: unknown;
};

/** The bytes of an entry's file: JSON for people, with the checksum of what it means. */
export function encodeEntryFile(namespace: string, entry: Omit<StoredEntry, "size">): Buffer {
  const { key, version, codec, expiresAt, incarnation } = entry;
  const head: EntryHead = {
    holdfast: "entry",
    format: ENTRY_FORMAT,
    namespace,
    key,
    type: TYPE_NAMES[entry.type - 1] as EntryHead["type"],
    version,
    codec,
    ...(incarnation !== undefined && { incarnation }),
    ...(expiresAt !== undefined && { expiresAt }),
    crc: checksumOf({ namespace, ...partsOf(entry) }),
  };
  return Buffer.from(`${JSON.stringify(head, null, 2).slice(0, -2)}${valueMember(entry)}${END}`);
}

/** Reads the bytes of a file; never throws. Space between the marks of JSON means nothing. */
export function decodeEntryFile(bytes: Uint8Array): EntryFileContent {
  const text = textOf(bytes);
  if (text === undefined) return { kind: "decode", flaw: "it is not text in UTF-8" };
  return asWritten(text) ?? asAnyJson(text);
}

/** An intact file in the layout in which it was written, found without parsing its value. */
function asWritten(text: string): EntryFileContent | undefined {
  const valueAt = text.indexOf(VALUE_AT);
  if (valueAt === -1 || !text.endsWith(END)) return undefined;
  const head = parsed(`${text.slice(0, valueAt)}}`);
  if (!isHead(head) || head.format !== ENTRY_FORMAT) return undefined;
  const data = compactJson(text.slice(valueAt + VALUE_AT.length, -END.length));
  const entry = entryOf(head, data);
  return checksumOf(entry) === head.crc ? { kind: "intact", entry } : undefined;
}

function asAnyJson(text: string): EntryFileContent {
  const document = parsed(text);
  if (document === undefined) return { kind: "decode", flaw: "it is not JSON" };
  if (isNewer(document)) {
    const flaw = `it has format ${document.format} and this version reads up to ${ENTRY_FORMAT}`;
    return { kind: "newer-format", flaw };
  }
  if (!isHead(document)) return { kind: "foreign", flaw: "it is not an entry's file" };
  const data = dataOf(document);
  if (data === undefined) return { kind: "decode", flaw: "it holds no value" };
  const entry = entryOf(document, data);
  return { kind: checksumOf(entry) === document.crc ? "intact" : "edited", entry };
}

function valueMember({ codec, data }: Payload): string {
  if (typeof data !== "string") return `,\n  "base64": "${Buffer.from(data).toString("base64")}"`;
  const pretty = codec === JSON_CODEC && parsed(data) !== undefined ? prettyJson(data, 1) : undefined;
  return pretty === undefined ? `,\n  "text": ${JSON.stringify(data)}` : `${VALUE_AT}${pretty}`;
}

function dataOf({ value, text, base64 }: EntryDocument): string | Uint8Array | undefined {
  if (value !== undefined) return JSON.stringify(value);
  if (typeof text === "string") return text;
  if (typeof base64 !== "string") return undefined;
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 ? bytes : undefined;
}

function entryOf(head: EntryHead, data: string | Uint8Array): EntryFile {
  const { namespace, key, version, codec, incarnation, expiresAt } = head;
  const type = ENTRY_TYPE[head.type];
  return { namespace, ...partsOf({ key, version, type, codec, data, incarnation, expiresAt }) };
}

/** An entry without what is undefined of it. */
function partsOf(entry: {
  readonly key: StoredKey;
  readonly version: Version;
  readonly type: EntryType;
  readonly codec: number;
  readonly data: string | Uint8Array;
  readonly incarnation?: string | undefined;
  readonly expiresAt?: number | undefined;
}): Omit<EntryFile, "namespace"> {
  const { key, version, type, codec, data, incarnation, expiresAt } = entry;
  return {
    ...{ key, version, type, codec, data },
    ...(incarnation !== undefined && { incarnation }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** Of everything that an entry's file says, its namespace and key included. */
function checksumOf(entry: EntryFile): string {
  const { namespace, key, version, type, incarnation = "", expiresAt = "" } = entry;
  const header = `${type}:${expiresAt}:${incarnation}`;
  return crc32(header, payloadChecksum(namespace, key, version, entry))
    .toString(16)
    .padStart(8, "0");
}

function isHead(value: unknown): value is EntryHead {
  const head = value as Partial<Record<keyof EntryHead, unknown>> | null;
  if (typeof head !== "object" || head === null || head.holdfast !== "entry") return false;
  const texts = [head.namespace, head.key, head.version, head.crc];
  const isTyped = typeof head.type === "string" && Object.hasOwn(ENTRY_TYPE, head.type);
  if (!isTyped || texts.some((text) => typeof text !== "string" || !text.isWellFormed())) return false;
  const { codec, incarnation, expiresAt } = head;
  const isByte = Number.isInteger(codec) && (codec as number) >= 0 && (codec as number) < 256;
  return isByte && isOptional(incarnation, "string") && isOptional(expiresAt, "number");
}

function isOptional(value: unknown, type: "string" | "number"): boolean {
  return value === undefined || typeof value === type;
}

function isNewer(value: unknown): value is { readonly format: number } {
  const { holdfast, format } = (value ?? {}) as { readonly holdfast?: unknown; readonly format?: unknown };
  return holdfast === "entry" && typeof format === "number" && format > ENTRY_FORMAT;
}

/** Undefined when it is not JSON; no JSON is undefined. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
