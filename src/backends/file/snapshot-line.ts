import { payloadChecksum } from "../../core/envelope.js";
import type { EntryType, StoredEntry } from "../../core/entry.js";
import { valueData, valueForm, valueText, type ValueForm } from "./value-text.js";

const TAB = 0x09;
const NEWLINE = 0x0a;
const COMMA = 0x2c;

/** What stands in a line of a snapshot, in this order, the value after a tab. */
export const LINE_COLUMNS = [
  "namespace",
  "key",
  "version",
  "type",
  "codec",
  "form",
  "check",
  "expiresAt",
  "incarnation",
  "value",
];

type LineFields = readonly [
  namespace: string,
  key: string,
  version: string,
  type: EntryType,
  codec: number,
  form: ValueForm,
  check: number,
  expiresAt: number | null,
  incarnation: string | null,
  value: 0,
];

/** What a line says. */
export interface DecodedLine {
  readonly namespace: string;
  readonly key: string;
  readonly version: string;
  readonly type: EntryType;
  readonly codec: number;
  /** The checksum that stands beside the value. */
  readonly check: number;
  readonly expiresAt: number | undefined;
  readonly incarnation: string | undefined;
  /** Reads the value. */
  value(): string | Uint8Array;
}

/** One line, without newline: a JSON array. `quotedNamespace` is the namespace as JSON. */
export function encodeLine(namespace: string, quotedNamespace: string, entry: StoredEntry): string {
  const { key, version, type, codec, data, expiresAt, incarnation } = entry;
  const form = valueForm(entry);
  const check = payloadChecksum(namespace, key, version, entry);
  const inc = incarnation === undefined ? "null" : JSON.stringify(incarnation);
  const fields = `${JSON.stringify(version)},${type},${codec},${form},${check},${expiresAt ?? "null"},${inc}`;
  return `[${quotedNamespace},${JSON.stringify(key)},${fields},\t${valueText(data, form)}]`;
}

/** Reads the line at an offset. Throws whatever a malformed one leads to. */
export function decodeLine(bytes: Buffer, start: number): DecodedLine {
  const tab = bytes.indexOf(TAB, start);
  const fields = JSON.parse(`${bytes.toString("utf8", start, tab)}0]`) as LineFields;
  const [namespace, key, version, type, codec, form, check, expiresAt, incarnation] = fields;
  const value = () => valueData(bytes.toString("utf8", tab + 1, endOfLine(bytes, tab) - 1), form);
  const optional = { expiresAt: expiresAt ?? undefined, incarnation: incarnation ?? undefined };
  return { namespace, key, version, type, codec, check, ...optional, value };
}

/** Where the line at an offset ends, without newline, and comma when there is one. */
export function endOfLine(bytes: Buffer, start: number): number {
  const newline = bytes.indexOf(NEWLINE, start);
  return bytes[newline - 1] === COMMA ? newline - 1 : newline;
}
