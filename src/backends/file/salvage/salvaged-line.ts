import { ENTRY_TYPE } from "../../../core/entry.js";
import { isIncarnation } from "../../../core/incarnation.js";
import {
  isHead,
  MAX_KEY_BYTES,
  MAX_NAMESPACE_BYTES,
  MAX_STORED_KEY_BYTES,
  type StoredKey,
} from "../../../core/key.js";
import { localEntry, type LocalEntry } from "../../local/local-entry.js";
import { decodeLine, encodeLine, type DecodedLine } from "../snapshot-line.js";

/** Whose a line is that cannot be believed, as it stands there. */
export interface LineClaim {
  readonly namespace: string;
  readonly key: StoredKey;
}

/** What a line of a damaged document is worth. */
export type SalvagedLine =
  | { readonly kind: "whole"; readonly namespace: string; readonly entry: LocalEntry }
  | { readonly kind: "damaged"; readonly claim: LineClaim | undefined };

const DAMAGED: SalvagedLine = { kind: "damaged", claim: undefined };
const TAB = 0x09;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const NEWLINE = Buffer.from("\n");

/**
 * Reads `bytes[start, end)`, a line without its newline, on its own: the checksum of the document is wrong, so only the
 * one beside the value speaks for it. It covers namespace, key, version, codec and value; to the rest, the line must be
 * byte for byte what is written for such an entry, and the type must fit the key.
 */
export function salvageLine(bytes: Buffer, start: number, end: number): SalvagedLine {
  // Spares rubbish the parsing.
  if (bytes[start] !== OPENING_BRACKET || !bytes.subarray(start, end).includes(TAB)) return DAMAGED;
  // What stands after the entry is a comma; whatever became of it, the entry is not the worse for it.
  const until = bytes[end - 1] === CLOSING_BRACKET ? end : end - 1;
  const text = Buffer.concat([bytes.subarray(start, until), NEWLINE]);
  const line = lineOf(text);
  if (line === undefined || !isNamed(line)) return DAMAGED;
  const { namespace, key } = line;
  const entry = entryOf(line, text);
  return entry === undefined
    ? { kind: "damaged", claim: { namespace, key } }
    : { kind: "whole", namespace, entry };
}

function lineOf(text: Buffer): DecodedLine | undefined {
  try {
    return decodeLine(text, 0);
  } catch {
    return undefined;
  }
}

function entryOf(line: DecodedLine, text: Buffer): LocalEntry | undefined {
  try {
    const { namespace, key, version, type, codec, expiresAt, incarnation } = line;
    if (typeof version !== "string" || !isSound(line)) return undefined;
    const entry = localEntry({ key, version, type, codec, data: line.value(), expiresAt, incarnation });
    // The checksum beside the value is among what is written.
    const written = encodeLine(namespace, JSON.stringify(namespace), entry);
    return text.equals(Buffer.from(`${written}\n`)) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** Whether namespace and key are such as there can be. */
function isNamed({ namespace, key }: { readonly namespace: unknown; readonly key: unknown }): boolean {
  return (
    isText(namespace, MAX_NAMESPACE_BYTES) &&
    !namespace.includes("\0") &&
    isText(key, MAX_STORED_KEY_BYTES) &&
    key !== "" &&
    (!isHead(key) || (!key.includes("\0") && Buffer.byteLength(key) <= MAX_KEY_BYTES))
  );
}

function isText(text: unknown, maxBytes: number): text is string {
  return typeof text === "string" && text.isWellFormed() && Buffer.byteLength(text) <= maxBytes;
}

/** Whether what no checksum of the line covers is such as there can be. */
function isSound({ key, type, codec, expiresAt, incarnation }: DecodedLine): boolean {
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return false;
  if (!Number.isSafeInteger(codec)) return false;
  if (!isHead(key)) return type === ENTRY_TYPE.part && incarnation === undefined;
  if (type === ENTRY_TYPE.value) return incarnation === undefined;
  return (type === ENTRY_TYPE.list || type === ENTRY_TYPE.hash) && isIncarnation(incarnation);
}
