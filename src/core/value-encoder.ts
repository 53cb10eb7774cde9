import type { Payload } from "./entry.js";
import { StorageFault } from "./errors.js";

/** The largest value that any backend of this package takes, in bytes. */
export const MAX_VALUE_BYTES = 64 * 1024 * 1024;

export interface PayloadEncoder {
  encode(value: unknown): Payload;
}

/** Encodes what callers pass in, once, at the time of the call: what they change later changes nothing. */
export class ValueEncoder {
  readonly #payloads: PayloadEncoder;
  readonly #maxBytes: number;

  constructor(payloads: PayloadEncoder, maxBytes: number) {
    this.#payloads = payloads;
    this.#maxBytes = maxBytes;
  }

  /** @throws StorageFault `unserializable`, or `too-large` when the encoded value is over the backend's limit. */
  encode(value: unknown): Payload {
    const payload = this.#payloads.encode(value);
    const { data } = payload;
    if (isLarger(data, this.#maxBytes)) {
      throw new StorageFault(
        "too-large",
        `the value takes ${byteLength(data)} bytes, more than the ${this.#maxBytes} this backend stores; split it`,
      );
    }
    return payload;
  }
}

/** Whether data has more bytes. Text is at most three bytes of UTF-8 a unit, so most values need no count. */
export function isLarger(data: string | Uint8Array, bytes: number): boolean {
  return data.length * 3 > bytes && byteLength(data) > bytes;
}

/** Bytes of UTF-8 or binary data. */
export function byteLength(data: string | Uint8Array): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
}
