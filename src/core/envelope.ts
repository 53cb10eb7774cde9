import { crc32 } from "node:zlib";
import type { Payload } from "./entry.js";
import { StorageFault } from "./errors.js";
import type { StoredKey } from "./key.js";
import type { Version } from "./version.js";

/** The form of an envelope: format byte, codec byte, CRC32 big-endian, data. */
const FORMAT = 1;
const CODEC_AT = 1;
const CHECKSUM_AT = 2;
const DATA_AT = 6;

/**
 * A value as backends of bytes keep it. The checksum covers where the value belongs as well as what it is, so that
 * data swapped between keys or versions is noticed.
 */
export function sealEnvelope(
  namespace: string,
  key: StoredKey,
  version: Version,
  payload: Payload,
): Uint8Array {
  const { data } = payload;
  const text = typeof data === "string";
  const bytes = Buffer.allocUnsafe(DATA_AT + (text ? Buffer.byteLength(data) : data.byteLength));
  if (text) bytes.write(data, DATA_AT);
  else bytes.set(data, DATA_AT);
  bytes[0] = FORMAT;
  bytes[CODEC_AT] = payload.codec;
  bytes.writeUInt32BE(payloadChecksum(namespace, key, version, payload), CHECKSUM_AT);
  return bytes;
}

/**
 * The payload of an envelope; its data is a view into `bytes`.
 *
 * @throws StorageFault `truncated`, `newer-format`, or `checksum` when the data is damaged or belongs elsewhere.
 */
export function openEnvelope(
  namespace: string,
  key: StoredKey,
  version: Version,
  bytes: Uint8Array,
): Payload {
  if (bytes.byteLength < DATA_AT) {
    throw new StorageFault(
      "truncated",
      `the stored value ends after ${bytes.byteLength} bytes, inside its header`,
    );
  }
  const format = bytes[0] as number;
  if (format > FORMAT) {
    throw new StorageFault(
      "newer-format",
      `the stored value has format ${format}; this version reads up to ${FORMAT}`,
    );
  }
  const codec = bytes[CODEC_AT] as number;
  const data = bytes.subarray(DATA_AT);
  if (format !== FORMAT || readChecksum(bytes) !== checksum(namespace, key, version, codec, data)) {
    throw new StorageFault("checksum", "the stored value is damaged: its checksum does not match");
  }
  return { codec, data };
}

/** The checksum of an envelope, for files that keep it beside readable text; text counts as its bytes of UTF-8. */
export function payloadChecksum(
  namespace: string,
  key: StoredKey,
  version: Version,
  payload: Payload,
): number {
  return checksum(namespace, key, version, payload.codec, payload.data);
}

function readChecksum(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(CHECKSUM_AT);
}

// The lengths make the parts unambiguous; the data comes last and needs none. One call costs half of two.
function checksum(
  namespace: string,
  key: StoredKey,
  version: Version,
  codec: number,
  data: string | Uint8Array,
): number {
  const lengths = `${codec}:${namespace.length}:${key.length}:${version.length}:`;
  const place = lengths + namespace + key + version;
  if (typeof data === "string") return crc32(place + data);
  // Of no bytes at no address zlib gives 0, whatever the seed.
  return data.byteLength === 0 ? crc32(place) : crc32(data, crc32(place));
}
