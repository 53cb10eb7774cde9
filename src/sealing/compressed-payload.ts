import { promisify } from "node:util";
import { crc32, gzip, gzipSync, inflateRawSync } from "node:zlib";
import type { Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";

/** The codec byte of a compressed value. */
export const COMPRESSED = 3;

/** Codec byte of what is inside, its length as 32 bits big-endian, then one member of gzip. */
const LENGTH_AT = 1;
const GZIP_AT = 5;
/** What our members begin with: the two bytes of gzip, deflate, and no flags. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0]);
const GZIP_HEAD_BYTES = 10;
const GZIP_TAIL_BYTES = 8;
/** From here on compressing leaves the event loop; below that, going to another thread costs as much as it saves. */
export const LARGE_BYTES = 64 * 1024;

const gzipElsewhere = promisify(gzip);

/** The value compressed, or as it was when that does not make it smaller. */
export function compressPayload(payload: Payload): Payload {
  const bytes = bytesOf(payload);
  return smallerOf(payload, bytes.byteLength, gzipSync(bytes));
}

/** As {@link compressPayload}, on another thread. */
export async function compressLargePayload(payload: Payload): Promise<Payload> {
  const bytes = bytesOf(payload);
  return smallerOf(payload, bytes.byteLength, await gzipElsewhere(bytes));
}

/**
 * What {@link compressPayload} was given; its data as bytes. Never takes more memory than `maxBytes` and what the value
 * says of itself.
 *
 * @throws StorageFault `decode` when the data is not one whole member of gzip, gives another length than it says, or
 * says more than `maxBytes`.
 */
export function decompressPayload(data: Uint8Array, maxBytes: number): Payload {
  const packed = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (packed.length < GZIP_AT + GZIP_HEAD_BYTES + GZIP_TAIL_BYTES) throw broken("it ends too early");
  const length = packed.readUInt32BE(LENGTH_AT);
  if (length > maxBytes) throw broken(`it says ${length} bytes, more than the ${maxBytes} a value may have`);
  return { codec: packed[0] as number, data: inflate(packed.subarray(GZIP_AT), length) };
}

/** The content of one member of gzip, which must be all there is. */
function inflate(member: Buffer, length: number): Buffer {
  if (!member.subarray(0, GZIP_HEAD.length).equals(GZIP_HEAD)) throw broken("it does not begin as gzip does");
  const body = member.subarray(GZIP_HEAD_BYTES, -GZIP_TAIL_BYTES);
  const { content, used } = inflateRaw(body, length);
  const tail = member.subarray(-GZIP_TAIL_BYTES);
  if (used !== body.length) throw broken("something stands behind it");
  if (content.length !== length || tail.readUInt32LE(4) !== length)
    throw broken("it is not as long as it says");
  if (tail.readUInt32LE(0) !== crc32(content)) throw broken("its checksum does not match");
  return content;
}

function inflateRaw(body: Buffer, length: number): { readonly content: Buffer; readonly used: number } {
  try {
    // With `info` the answer says how far it read, which the declarations do not know.
    const answer: unknown = inflateRawSync(body, { maxOutputLength: Math.max(length, 1), info: true });
    const { buffer, engine } = answer as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: buffer, used: engine.bytesWritten };
  } catch {
    throw broken("it does not unpack to what it says");
  }
}

function broken(how: string): StorageFault {
  return new StorageFault("decode", `the compressed value cannot be unpacked: ${how}`);
}

function smallerOf(payload: Payload, length: number, zipped: Buffer): Payload {
  if (GZIP_AT + zipped.length >= length) return payload;
  const data = Buffer.allocUnsafeSlow(GZIP_AT + zipped.length);
  data[0] = payload.codec;
  data.writeUInt32BE(length, LENGTH_AT);
  data.set(zipped, GZIP_AT);
  return { codec: COMPRESSED, data };
}

function bytesOf({ data }: Payload): Uint8Array {
  return typeof data === "string" ? Buffer.from(data) : data;
}
