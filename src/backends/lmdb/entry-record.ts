import { crc32 } from "node:zlib";
import type { EntryType, Header, StoredEntry, StoredHeader } from "../../core/entry.js";
import { openEnvelope, sealEnvelope } from "../../core/envelope.js";
import { StorageFault, type CorruptionReason } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import type { Put } from "../backend.js";
import { placeOf } from "./lmdb-key.js";

/**
 * An entry as LMDB keeps it: format byte, length of the header, CRC32 of the header, header, envelope of the data. The
 * header's checksum covers its place, so that headers can be trusted without a look at the data; the envelope's covers
 * the version, which ties the two together.
 */
const FORMAT = 1;
const LENGTH_AT = 1;
const CHECKSUM_AT = 2;
const HEADER_AT = 6;
const ENVELOPE_BYTES = 6;
const SEPARATOR = "\n";

/** The bytes of an entry that expires at a moment or never. */
export function sealEntry(
  namespace: string,
  put: Put,
  version: Version,
  expiresAt: number | undefined,
): Buffer {
  const envelope = sealEnvelope(namespace, put.key, version, put);
  const size = envelope.byteLength - ENVELOPE_BYTES;
  const fields = [put.type, size, version, expiresAt ?? "", put.incarnation ?? ""];
  const header = fields.join(SEPARATOR);
  const bytes = Buffer.allocUnsafe(HEADER_AT + header.length + envelope.byteLength);
  bytes[0] = FORMAT;
  bytes[LENGTH_AT] = header.length;
  bytes.writeUInt32BE(crc32(header, crc32(placeOf(namespace, put.key))), CHECKSUM_AT);
  bytes.write(header, HEADER_AT, "latin1");
  bytes.set(envelope, HEADER_AT + header.length);
  return bytes;
}

/** @throws StorageFault that names the key: `truncated`, `newer-format` or `checksum`. */
export function openHeader(namespace: string, key: StoredKey, bytes: Buffer): StoredHeader {
  const end = HEADER_AT + (bytes[LENGTH_AT] ?? 0);
  if (bytes.byteLength < end + ENVELOPE_BYTES)
    throw damaged("truncated", namespace, key, "ends inside its header");
  if ((bytes[0] as number) > FORMAT) {
    throw damaged(
      "newer-format",
      namespace,
      key,
      `has format ${bytes[0]}; this version reads up to ${FORMAT}`,
    );
  }
  const header = bytes.toString("latin1", HEADER_AT, end);
  const checksum = crc32(header, crc32(placeOf(namespace, key)));
  if (bytes[0] !== FORMAT || bytes.readUInt32BE(CHECKSUM_AT) !== checksum) {
    throw damaged("checksum", namespace, key, "is damaged: the checksum of its header does not match");
  }
  const parsed = parseHeader(header);
  if (bytes.byteLength !== end + ENVELOPE_BYTES + parsed.size)
    throw damaged("truncated", namespace, key, "has lost data");
  return { key, ...parsed };
}

/** @throws StorageFault as {@link openHeader}. */
export function openEntry(namespace: string, key: StoredKey, bytes: Buffer): StoredEntry {
  const header = openHeader(namespace, key, bytes);
  const envelope = bytes.subarray(HEADER_AT + (bytes[LENGTH_AT] as number));
  try {
    const { codec, data } = openEnvelope(namespace, key, header.version, envelope);
    return { ...header, codec, data };
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    throw new StorageFault(error.reason, error.message, { namespace, key, cause: error });
  }
}

function parseHeader(text: string): Header {
  const [type, size, version, expiresAt, incarnation] = text.split(SEPARATOR) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const header = { version, type: Number(type) as EntryType, size: Number(size) };
  if (expiresAt === "" && incarnation === "") return header;
  return {
    ...header,
    ...(expiresAt !== "" && { expiresAt: Number(expiresAt) }),
    ...(incarnation !== "" && { incarnation }),
  };
}

function damaged(reason: CorruptionReason, namespace: string, key: StoredKey, flaw: string): StorageFault {
  return new StorageFault(reason, `the stored entry ${flaw}`, { namespace, key });
}
