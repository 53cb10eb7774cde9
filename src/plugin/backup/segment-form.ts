import { basename } from "node:path";
import { promisify } from "node:util";
import { crc32, deflateRaw, inflateRaw } from "node:zlib";
import type { BackupCipher } from "./backup-cipher.js";
import { backupDamage } from "./backup-damage.js";

/**
 * How the bytes of a segment stand in its file: a stage between the lines and the disk. `unpack` gives back exactly
 * what `pack` was given, and nothing that is larger than `bytes`, or refuses with a fault that names the file.
 */
export interface SegmentForm {
  /** As the manifest names it. */
  readonly name: string;
  /** What file names end with. */
  readonly ending: string;
  /** @param name of the file. */
  pack(lines: Buffer, name: string): Promise<Buffer>;
  unpack(stored: Buffer, bytes: number, file: string): Promise<Buffer>;
}

const plain: SegmentForm = {
  name: "none",
  ending: ".ndjson",
  pack: async (lines) => lines,
  unpack: async (stored) => stored,
};

/** A gzip header without a name or a time: signature, deflate, no flags, and a system that nobody knows. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
const GZIP_TRAILER_BYTES = 8;

const gzip: SegmentForm = {
  name: "gzip",
  ending: ".ndjson.gz",

  async pack(lines) {
    const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
    trailer.writeUInt32LE(crc32(lines), 0);
    trailer.writeUInt32LE(lines.length, 4);
    return Buffer.concat([GZIP_HEADER, await promisify(deflateRaw)(lines, { level: 6 }), trailer]);
  },

  // One member from the first byte to the last: zlib's own gunzip would go on with a second one, or overlook what follows.
  async unpack(stored, bytes, file) {
    const end = stored.length - GZIP_TRAILER_BYTES;
    const wrong = (what: string, cause?: unknown) => backupDamage("checksum", file, what, { cause });
    if (end < GZIP_HEADER.length || !stored.subarray(0, GZIP_HEADER.length).equals(GZIP_HEADER))
      throw wrong("it does not begin as a compressed segment does");
    const body = stored.subarray(GZIP_HEADER.length, end);
    const { lines, consumed } = await inflate(body, bytes).catch((error: unknown) => {
      throw wrong(`it does not decompress to the ${bytes} bytes that the manifest names`, error);
    });
    if (consumed !== body.length) throw wrong("there is something after the compressed lines");
    if (stored.readUInt32LE(end) !== crc32(lines) || stored.readUInt32LE(end + 4) !== lines.length)
      throw wrong("what it decompresses to is not what was compressed");
    return lines;
  },
};

interface Inflated {
  readonly lines: Buffer;
  /** Bytes of the input up to the end of what was compressed. */
  readonly consumed: number;
}

function inflate(body: Buffer, maxOutputLength: number): Promise<Inflated> {
  return new Promise((resolve, reject) => {
    // `info` is missing from the declared types of Node 20. Zlib refuses a bound of 0.
    const options = { info: true, maxOutputLength: Math.max(1, maxOutputLength) };
    inflateRaw(body, options, (error, result) => {
      if (error !== null) return reject(error);
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      resolve({ lines: buffer, consumed: engine.bytesWritten });
    });
  });
}

const FORMS: ReadonlyMap<string, SegmentForm> = new Map([plain, gzip].map((form) => [form.name, form]));

/** The form of that name, encrypted where there is a cipher; undefined when this version has none. */
export function segmentForm(name: string, cipher?: BackupCipher): SegmentForm | undefined {
  const form = FORMS.get(name);
  return form === undefined || cipher === undefined ? form : encryptedForm(form, cipher);
}

/** Each file is encrypted as a whole, after the form has packed it. */
function encryptedForm(inner: SegmentForm, cipher: BackupCipher): SegmentForm {
  return {
    name: inner.name,
    ending: `${inner.ending}.aes`,
    pack: async (lines, name) => cipher.seal(name, await inner.pack(lines, name)),

    async unpack(stored, bytes, file) {
      const packed = cipher.open(basename(file), stored);
      if (packed !== undefined) return inner.unpack(packed, bytes, file);
      throw backupDamage("checksum", file, "it was changed, or is not this file of this backup");
    },
  };
}
