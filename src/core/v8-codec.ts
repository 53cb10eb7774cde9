import { Deserializer, Serializer } from "node:v8";
import { StorageFault } from "./errors.js";
import { normalizeValue } from "./normalize.js";

/**
 * The structured clone of V8, of the values and in the form that every codec stores: what is refused, and how class
 * instances and Buffers come back, is decided by {@link normalizeValue}. Data of an older Node is read by a newer one;
 * the other way round only while V8's format has not changed. As text it is base64.
 */
export function v8Codec(): V8Codec {
  return V8;
}

class V8Codec {
  readonly name = "v8";
  readonly id = 2;

  encode(value: unknown): Uint8Array {
    return this.encodeToBytes(value);
  }

  decode(data: string | Uint8Array): unknown {
    return typeof data === "string" ? this.decodeFromText(data) : this.decodeFromBytes(data);
  }

  // Not `v8.serialize`: that one's bytes come back as views into the data they were read from.
  encodeToBytes(value: unknown): Uint8Array {
    const normal = normalizeValue(value);
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue(normal);
    return new Uint8Array(serializer.releaseBuffer());
  }

  encodeToText(value: unknown): string {
    const { buffer, byteOffset, byteLength } = this.encodeToBytes(value);
    return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  }

  decodeFromBytes(bytes: Uint8Array): unknown {
    try {
      // What somebody else wrote may hold cycles, and kinds of values that no codec gives.
      return normalizeValue(readAll(bytes));
    } catch {
      throw new StorageFault("decode", "the data is not the codec's structured clone, or of a newer Node");
    }
  }

  decodeFromText(text: string): unknown {
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text) throw new StorageFault("decode", "the data is not base64");
    return this.decodeFromBytes(bytes);
  }
}

const V8 = new V8Codec();

/** The one value that the bytes hold. */
function readAll(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  const value: unknown = deserializer.readValue();
  if (holdsMore(deserializer)) throw new RangeError("something stands behind the value");
  return value;
}

function holdsMore(deserializer: Deserializer): boolean {
  try {
    deserializer.readRawBytes(1);
    return true;
  } catch {
    return false;
  }
}
