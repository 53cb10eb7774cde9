import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { DamageFault } from "./damage-fault.js";

const MAGIC = Buffer.from([0x1f, 0x8b]);
/** Modification time, extra flags and system: they say nothing, so they are always the same. */
const IDLE_FIELDS = Buffer.from([0, 0, 0, 0, 0, 255]);
const IDLE_AT = 4;
/** The largest document there can be: a part, and one more line with a value at its limit in its longest form. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;

export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];
}

export async function compress(bytes: Uint8Array): Promise<Buffer> {
  const packed = await promisify(gzip)(bytes, { level: 6 });
  IDLE_FIELDS.copy(packed, IDLE_AT);
  return packed;
}

interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * The one document in a compressed file; what would grow past the largest there can be is refused, and so is anything
 * beside the one member.
 *
 * @throws DamageFault `checksum` or `truncated`.
 */
export async function decompress(bytes: Buffer, file: string): Promise<Buffer> {
  if (
    bytes[3] !== 0 ||
    bytes.compare(IDLE_FIELDS, 0, IDLE_FIELDS.length, IDLE_AT, IDLE_AT + IDLE_FIELDS.length) !== 0
  ) {
    throw new DamageFault("checksum", file, 0, "it does not begin as a compressed snapshot does");
  }
  const { buffer, engine } = await unpack(bytes, file);
  if (engine.bytesWritten !== bytes.length) {
    throw new DamageFault(
      "checksum",
      file,
      engine.bytesWritten,
      "there is something after the compressed snapshot",
    );
  }
  return buffer;
}

function unpack(bytes: Buffer, file: string): Promise<Unpacked> {
  return new Promise((resolve, reject) => {
    // `info` is missing from the declared types of Node 20.
    const options = { info: true, maxOutputLength: MAX_DOCUMENT_BYTES };
    gunzip(bytes, options, (error, result) => {
      if (error === null) resolve(result as unknown as Unpacked);
      else
        reject(
          new DamageFault(
            error.message.includes("unexpected end") ? "truncated" : "checksum",
            file,
            0,
            "it cannot be decompressed",
            error,
          ),
        );
    });
  });
}
