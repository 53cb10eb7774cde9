import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { FINGERPRINT_BYTES, type KeyRing, type SealingKey } from "./key-ring.js";

/** The codec byte of an encrypted value. */
export const ENCRYPTED = 4;

const FORMAT = 1;
const CODEC_AT = 1;
const ID_LENGTH_AT = 2;
const ID_AT = 3;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = "aes-256-gcm";
// Node 20 takes tags of four bytes unless it is told how long they are.
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** The most that encryption adds to a value, in bytes. */
export const MAX_ENCRYPTION_BYTES = ID_AT + 32 + FINGERPRINT_BYTES + NONCE_BYTES + TAG_BYTES;

/**
 * A value encrypted by AES-256-GCM: format byte, codec byte of what is inside, length and text of the key's id, the
 * key's fingerprint, nonce, cipher text, tag. Authenticated with it are everything up to the fingerprint, and where the
 * value belongs. Stored: never change it, only add formats.
 *
 * @param place the value's place as text; opening it elsewhere fails.
 */
export function encryptPayload(key: SealingKey, place: string, { codec, data }: Payload): Payload {
  const head = headOf(key, codec);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.secret, nonce, OPTIONS);
  cipher.setAAD(head).setAAD(Buffer.from(place));
  const body = typeof data === "string" ? cipher.update(data, "utf8") : cipher.update(data);
  const rest = cipher.final();
  return { codec: ENCRYPTED, data: joined([head, nonce, body, rest, cipher.getAuthTag()]) };
}

/**
 * What {@link encryptPayload} was given; its data as bytes.
 *
 * @throws StorageFault `wrong-key` when the ring lacks its key, `truncated`, `newer-format`, or `checksum` when anything
 * of it was changed or it belongs elsewhere.
 */
export function decryptPayload(ring: KeyRing, place: string, data: Uint8Array): Payload {
  const { id, fingerprint, bodyAt } = readHead(data);
  const key = keyOf(ring, id, fingerprint);
  const nonce = data.subarray(bodyAt - NONCE_BYTES, bodyAt);
  const decipher = createDecipheriv(ALGORITHM, key.secret, nonce, OPTIONS);
  decipher.setAAD(data.subarray(0, bodyAt - NONCE_BYTES)).setAAD(Buffer.from(place));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  const body = decipher.update(data.subarray(bodyAt, -TAG_BYTES));
  try {
    const rest = decipher.final();
    return { codec: data[CODEC_AT] as number, data: rest.length === 0 ? body : Buffer.concat([body, rest]) };
  } catch {
    throw new StorageFault("checksum", "the encrypted value was changed, or belongs to another place");
  }
}

/** @throws StorageFault `wrong-key` when the ring lacks the key of an encrypted value, and what a damaged one has. */
export function requireKeyOf(ring: KeyRing, data: Uint8Array): void {
  const { id, fingerprint } = readHead(data);
  keyOf(ring, id, fingerprint);
}

/** Whether a value is encrypted with this very key. */
export function isEncryptedWith(key: SealingKey, { codec, data }: Payload): boolean {
  if (codec !== ENCRYPTED || typeof data === "string") return false;
  const head = headOf(key, data[CODEC_AT] ?? 0);
  return Buffer.compare(head, data.subarray(0, head.length)) === 0;
}

function headOf({ id, fingerprint }: SealingKey, codec: number): Buffer {
  return Buffer.concat([Buffer.from([FORMAT, codec, id.length]), Buffer.from(id, "latin1"), fingerprint]);
}

interface Head {
  readonly id: string;
  readonly fingerprint: Uint8Array;
  /** Where the cipher text begins; the nonce ends there. */
  readonly bodyAt: number;
}

function readHead(data: Uint8Array): Head {
  const [format = 0] = data;
  if (format > FORMAT) {
    const message = `the encrypted value has format ${format}; this version reads up to ${FORMAT}`;
    throw new StorageFault("newer-format", message);
  }
  const idEnd = ID_AT + (data[ID_LENGTH_AT] ?? 0);
  const bodyAt = idEnd + FINGERPRINT_BYTES + NONCE_BYTES;
  if (data.byteLength < bodyAt + TAG_BYTES) {
    throw new StorageFault("truncated", `the encrypted value ends after ${data.byteLength} bytes`);
  }
  if (format !== FORMAT) throw new StorageFault("checksum", "the encrypted value was changed");
  const id = Buffer.from(data.subarray(ID_AT, idEnd)).toString("latin1");
  return { id, fingerprint: data.subarray(idEnd, idEnd + FINGERPRINT_BYTES), bodyAt };
}

function keyOf(ring: KeyRing, id: string, fingerprint: Uint8Array): SealingKey {
  const key = ring.find(id);
  // What stands here was not authenticated yet, and may be anything.
  const name = JSON.stringify(id);
  if (key === undefined) {
    const message = `the value is encrypted with the key ${name}, which is not here; add it to encryption.keys`;
    throw new StorageFault("wrong-key", message);
  }
  if (Buffer.compare(key.fingerprint, fingerprint) === 0) return key;
  const message = `the value is encrypted with another key than the one called ${name} here; give the one it was written with`;
  throw new StorageFault("wrong-key", message);
}

/** In memory of its own: a slice of a shared block would keep the block for as long as the value is kept. */
function joined(parts: readonly Uint8Array[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
