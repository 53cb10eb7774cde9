import { payloadChecksum } from "../../core/envelope.js";
import type { EntryType, StoredEntry } from "../../core/entry.js";
import { localEntry, type LocalEntry } from "../local/local-entry.js";
import { valueData, valueForm, valueText, type ValueForm } from "./value-text.js";

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

/** An entry of a snapshot, with the checksum that stands beside its value. */
export interface SnapshotEntry {
  readonly namespace: string;
  readonly check: number;
  readonly entry: LocalEntry;
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

/** Reads `bytes[start, end)`, a line without newline and comma. Throws whatever a malformed one leads to. */
export function decodeLine(bytes: Buffer, start: number, end: number): SnapshotEntry {
  const tab = bytes.indexOf(0x09, start);
  const fields = JSON.parse(`${bytes.toString("utf8", start, tab)}0]`) as LineFields;
  const [namespace, key, version, type, codec, form, check, expiresAt, incarnation] = fields;
  const data = valueData(bytes.toString("utf8", tab + 1, end - 1), form);
  const optional = { expiresAt: expiresAt ?? undefined, incarnation: incarnation ?? undefined };
  return { namespace, check, entry: localEntry({ key, version, type, codec, data, ...optional }) };
}
