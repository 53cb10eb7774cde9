import type { Payload } from "./entry.js";
import { StorageFault } from "./errors.js";
import { jsonCodec, type JsonCodecOptions } from "./json-codec.js";

/** Turns values into text or bytes and back. */
export interface Codec {
  readonly name: string;
  /** One byte, stored with every value: 1 to 255, the same for ever. */
  readonly id: number;
  /**
   * Encodes any value a caller may pass in, in the codec's own form. Text is a single line without U+0000 (unless an
   * indent was asked for).
   *
   * @throws StorageFault `unserializable` when it has a part that cannot be stored.
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * A fresh value, in the form `normalizeValue` gives. Text and its bytes of UTF-8 decode alike.
   *
   * @throws StorageFault `decode` when the data is not what this codec writes.
   */
  decode(data: string | Uint8Array): unknown;
  encodeToBytes(value: unknown): Uint8Array;
  encodeToText(value: unknown): string;
  decodeFromBytes(bytes: Uint8Array): unknown;
  decodeFromText(text: string): unknown;
}

/** The codec of that name. `"json"`: JSON with tags for what JSON does not know; see tagged-json.ts. */
export function codec(name: "json", options: JsonCodecOptions = {}): Codec {
  if (name !== "json") throw new TypeError(`there is no codec ${JSON.stringify(name)}; there is "json"`);
  return jsonCodec(options);
}

/** The codecs of a store: writes with one, and reads what any of them wrote. */
export class CodecTable {
  readonly #writer: Codec;
  readonly #readers = new Map<number, Codec>();

  constructor(writeWith: Codec, others: readonly Codec[] = []) {
    this.#writer = writeWith;
    for (const each of [writeWith, ...others]) {
      const known = this.#readers.get(each.id);
      if (known !== undefined && known !== each) {
        throw new TypeError(`codecs "${known.name}" and "${each.name}" share the id ${each.id}`);
      }
      this.#readers.set(each.id, each);
    }
  }

  /**
   * Encodes any value a caller may pass in.
   *
   * @throws StorageFault `unserializable` when it has a part that cannot be stored.
   */
  encode(value: unknown): Payload {
    return { codec: this.#writer.id, data: this.#writer.encode(value) };
  }

  /**
   * A fresh value, the caller's own.
   *
   * @throws StorageFault `decode` when the data is broken or its codec is not in the table.
   */
  decode(payload: Payload): unknown {
    const reader = this.#readers.get(payload.codec);
    if (reader === undefined) {
      throw new StorageFault(
        "decode",
        `the value was written by codec ${payload.codec}, which this store does not have`,
      );
    }
    return reader.decode(payload.data);
  }
}
