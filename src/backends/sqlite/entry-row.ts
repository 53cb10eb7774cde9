import type { EntryType, StoredEntry, StoredHeader } from "../../core/entry.js";
import { openEnvelope, sealEnvelope } from "../../core/envelope.js";
import { StorageFault } from "../../core/errors.js";
import { userKey, type StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import type { Put } from "../backend.js";

/** What an envelope adds to the data: format, codec and checksum. */
const ENVELOPE_BYTES = 6;

/**
 * An entry as two blobs. The head is text, `type expiry incarnation version`, empty where there is none; the data is an
 * envelope (core/envelope.ts) whose checksum covers the head too. So everything a read gives was checked, but for headers
 * alone, which come without the data.
 */
export interface EntryRow {
  readonly head: Uint8Array;
  readonly data: Uint8Array;
}

export function entryRow(
  namespace: string,
  put: Put,
  version: Version,
  expiresAt: number | undefined,
): EntryRow {
  const head = `${put.type} ${expiresAt ?? ""} ${put.incarnation ?? ""} ${version}`;
  return { head: Buffer.from(head), data: sealEnvelope(namespace, put.key, head, put) };
}

/** A header as a row gives it. @param dataBytes the length of the envelope. @throws StorageFault `checksum`. */
export function readHeader(
  namespace: string,
  key: StoredKey,
  head: Uint8Array,
  dataBytes: number,
): StoredHeader {
  const text = textOf(head);
  const [type = "", expiry = "", incarnation = ""] = text.split(" ", 3);
  const version = text.slice(type.length + expiry.length + incarnation.length + 3);
  const header: StoredHeader = {
    key,
    version,
    type: Number(type) as EntryType,
    size: dataBytes - ENVELOPE_BYTES,
    ...(incarnation === "" ? undefined : { incarnation }),
    ...(expiry === "" ? undefined : { expiresAt: Number(expiry) }),
  };
  if (version !== "" && header.type >= 1 && header.size >= 0 && !Number.isNaN(header.expiresAt))
    return header;
  throw damaged(namespace, key, new StorageFault("checksum", "its header is damaged"));
}

/** An entry as a row gives it, checked. @throws StorageFault `checksum`, `truncated` or `newer-format`. */
export function readEntry(
  namespace: string,
  key: StoredKey,
  head: Uint8Array,
  data: Uint8Array,
): StoredEntry {
  try {
    const payload = openEnvelope(namespace, key, textOf(head), data);
    const header = readHeader(namespace, key, head, data.byteLength);
    return { ...header, ...payload };
  } catch (error) {
    throw error instanceof StorageFault ? damaged(namespace, key, error) : error;
  }
}

/** Blobs come as a Buffer from some drivers, and as plain bytes from others. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function textOf(bytes: Uint8Array): string {
  return asBuffer(bytes).toString();
}

function damaged(namespace: string, key: StoredKey, fault: StorageFault): StorageFault {
  if (fault.key !== undefined) return fault;
  return new StorageFault(fault.reason, fault.message, { key: userKey(key), namespace, cause: fault });
}
