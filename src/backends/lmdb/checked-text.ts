import { crc32 } from "node:zlib";
import { StorageFault } from "../../core/errors.js";

const TEXT_AT = 4;

/** Bookkeeping as LMDB keeps it: a CRC32 over where it stands and what it says, then the text. */
export function sealText(place: string, text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(TEXT_AT + Buffer.byteLength(text));
  bytes.write(text, TEXT_AT);
  bytes.writeUInt32BE(crc32(text, crc32(place)));
  return bytes;
}

/** @throws StorageFault `checksum` when the text is damaged or belongs elsewhere. */
export function openText(place: string, bytes: Buffer): string {
  if (bytes.byteLength >= TEXT_AT) {
    const text = bytes.toString("utf8", TEXT_AT);
    if (bytes.readUInt32BE() === crc32(bytes.subarray(TEXT_AT), crc32(place))) return text;
  }
  throw new StorageFault("checksum", "a record of the store is damaged: its checksum does not match");
}
