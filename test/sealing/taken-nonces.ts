import { encryptPayload } from "../../src/sealing/encrypted-payload.js";
import { SealingKey } from "../../src/sealing/key-ring.js";

/** Format, codec, length of the id, an id of one letter, fingerprint. */
const HEAD_BYTES = 3 + 1 + 8;
const NONCE_BYTES = 12;

/** The nonces that encrypting one value with one key takes, one after the other. */
export function takenNonces(count: number): string[] {
  const key = new SealingKey("k", Buffer.alloc(32, 1));
  return Array.from({ length: count }, () => {
    const { data } = encryptPayload(key, "place", { codec: 1, data: "same" });
    return Buffer.from(data as Uint8Array).toString("hex", HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
  });
}
