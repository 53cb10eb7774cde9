import { StorageFault } from "./errors.js";
import { normalizeValue } from "./normalize.js";
import { isPlainJson } from "./plain-json.js";
import { fromTagged, mayHoldTags, toTagged } from "./tagged-json.js";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface JsonCodecOptions {
  /** Spaces by which `encode` indents nested parts; 0, the default, writes a single line. Stored values never are. */
  readonly indent?: number;
}

/** JSON with tags for what JSON does not know; the format is in tagged-json.ts. */
export function jsonCodec(options: JsonCodecOptions = {}): JsonCodec {
  return new JsonCodec(options.indent ?? 0);
}

class JsonCodec {
  readonly name = "json";
  readonly id = 1;
  readonly #indent: number;

  constructor(indent: number) {
    if (!Number.isInteger(indent) || indent < 0 || indent > 10) {
      throw new TypeError(`indent must be a whole number from 0 to 10, not ${String(indent)}`);
    }
    this.#indent = indent;
  }

  encode(value: unknown): string {
    return this.encodeToText(value);
  }

  decode(data: string | Uint8Array): unknown {
    return typeof data === "string" ? this.decodeFromText(data) : this.decodeFromBytes(data);
  }

  encodeToText(value: unknown): string {
    return plainText(value, this.#indent) ?? taggedText(value, this.#indent);
  }

  encodeToBytes(value: unknown): Uint8Array {
    return new Uint8Array(Buffer.from(this.encodeToText(value)));
  }

  decodeFromText(text: string): unknown {
    try {
      const json: unknown = JSON.parse(text);
      return mayHoldTags(text) ? fromTagged(json) : json;
    } catch (error) {
      throw asDecodeFault(error);
    }
  }

  decodeFromBytes(bytes: Uint8Array): unknown {
    try {
      return this.decodeFromText(UTF8.decode(bytes));
    } catch (error) {
      throw asDecodeFault(error);
    }
  }
}

/** The text of a value that is nothing but JSON; undefined when it is more, or does not let itself be read. */
function plainText(value: unknown, indent: number): string | undefined {
  try {
    return isPlainJson(value) ? stringify(value, indent) : undefined;
  } catch {
    // A getter or proxy that throws: the careful way says where.
    return undefined;
  }
}

function taggedText(value: unknown, indent: number): string {
  return stringify(toTagged(normalizeValue(value)), indent);
}

// Naming an indent of 0 costs a third more than naming none.
function stringify(json: unknown, indent: number): string {
  return indent === 0 ? JSON.stringify(json) : JSON.stringify(json, undefined, indent);
}

// The parser's own message quotes the data, which must not reach an error: it is not kept as the cause either.
function asDecodeFault(error: unknown): StorageFault {
  return error instanceof StorageFault
    ? error
    : new StorageFault("decode", "the data is not the codec's JSON");
}
