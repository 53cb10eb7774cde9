import { StorageFault } from "./errors.js";
import { normalizeValue } from "./normalize.js";
import type { ValueCodec } from "./value-codec.js";

/** The ids below are this package's own. */
const FIRST_CUSTOM_ID = 128;
const LAST_CUSTOM_ID = 255;
const NAME = /^[a-z][a-z0-9-]*$/;

/** A codec of a third party, registered by {@link CodecRegistry.with}. */
export interface CodecDefinition {
  /** What the option `codec` calls it: lower-case letters, digits and "-", a letter first. */
  readonly name: string;
  /** One byte, stored with every value: 128 to 255, the same for ever. */
  readonly id: number;
  /**
   * Encodes a value in the form that every codec stores: JSON types, Date, Uint8Array, Map, Set, bigint, NaN,
   * ±Infinity, -0 and, inside objects and arrays, undefined. What may not be stored was refused before, class instances
   * are plain objects. The value is the codec's own. Text must be well-formed and may come back as its bytes of UTF-8.
   *
   * What it throws is `unserializable` to the caller of the store.
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * The value that the data stands for. It is copied: it may share memory with the data, and class instances become
   * plain objects. The data must not be changed. What it throws is `decode` to the caller of the store, and not kept, as
   * it may quote the data.
   */
  decode(data: string | Uint8Array): unknown;
}

/** A codec of a third party as the store uses it: of the same values as every other, and with the same errors. */
export class CustomCodec implements ValueCodec {
  readonly name: string;
  readonly id: number;
  readonly #definition: CodecDefinition;

  /** @throws RangeError when the name or the id is not one it may have; TypeError when a function is missing. */
  constructor(definition: CodecDefinition) {
    const { name, id } = definition;
    if (typeof name !== "string" || !NAME.test(name)) {
      const wanted = 'use lower-case letters, digits and "-", a letter first';
      throw new RangeError(`${JSON.stringify(name)} cannot name a codec; ${wanted}`);
    }
    if (!Number.isInteger(id) || id < FIRST_CUSTOM_ID || id > LAST_CUSTOM_ID) {
      throw new RangeError(
        `the id of the codec "${name}" must be a whole number from ${FIRST_CUSTOM_ID} to ${LAST_CUSTOM_ID}, not ${String(id)}`,
      );
    }
    for (const call of ["encode", "decode"] as const) {
      if (typeof definition[call] !== "function") throw new TypeError(`the codec "${name}" has no ${call}()`);
    }
    this.name = name;
    this.id = id;
    this.#definition = definition;
  }

  encode(value: unknown): string | Uint8Array {
    const normal = normalizeValue(value);
    const data = this.#encodeNormal(normal);
    if (typeof data === "string" && data.isWellFormed()) return data;
    // A copy: the codec may use its memory again.
    if (data instanceof Uint8Array) return new Uint8Array(data);
    throw this.#refusal("gave neither well-formed text nor a Uint8Array");
  }

  decode(data: string | Uint8Array): unknown {
    try {
      return normalizeValue(this.#definition.decode(data));
    } catch {
      throw new StorageFault("decode", `the data is not what the codec "${this.name}" reads`);
    }
  }

  #encodeNormal(normal: unknown): unknown {
    try {
      return this.#definition.encode(normal);
    } catch (cause) {
      throw this.#refusal("failed", cause);
    }
  }

  #refusal(what: string, cause?: unknown): StorageFault {
    return new StorageFault(
      "unserializable",
      `the codec "${this.name}" ${what}`,
      cause === undefined ? {} : { cause },
    );
  }
}
