import type { Payload } from "./entry.js";
import { StorageFault } from "./errors.js";
import { requireKnownOptions } from "./known-options.js";
import { jsonCodec, type JsonCodecOptions } from "./json-codec.js";
import { v8Codec } from "./v8-codec.js";
import type { ValueCodec } from "./value-codec.js";

/** A codec of this package, for use without a store too. */
export interface Codec extends ValueCodec {
  encodeToBytes(value: unknown): Uint8Array;
  encodeToText(value: unknown): string;
  decodeFromBytes(bytes: Uint8Array): unknown;
  decodeFromText(text: string): unknown;
}

/**
 * The codec of that name. `"json"`: JSON with tags for what JSON does not know, see tagged-json.ts; `indent` lays it out
 * for people. `"v8"`: V8's structured clone, which has no options. Both take and refuse the same values.
 */
export function codec(name: "json", options?: JsonCodecOptions): Codec;
export function codec(name: "v8"): Codec;
export function codec(name: "json" | "v8", options?: JsonCodecOptions): Codec {
  if (name === "json") {
    if (options !== undefined) requireKnownOptions("codec", options, ["indent"]);
    return jsonCodec(options);
  }
  if (name !== "v8")
    throw new TypeError(`there is no codec ${JSON.stringify(name)}; there are "json" and "v8"`);
  if (options !== undefined) throw new TypeError('the codec "v8" has no options');
  return v8Codec();
}

/** The codecs of a store: writes with one, and reads what any of them wrote. */
export class CodecTable {
  readonly #writer: ValueCodec;
  readonly #readers = new Map<number, ValueCodec>();

  constructor(writeWith: ValueCodec, others: readonly ValueCodec[] = []) {
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
        `the value was written by codec ${payload.codec}, which this store does not have; register it`,
      );
    }
    return reader.decode(payload.data);
  }
}
