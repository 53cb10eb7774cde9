import type { Expiry, Put } from "../backends/backend.js";
import type { EntryType, Payload } from "../core/entry.js";
import type { StoredKey } from "../core/key.js";

/**
 * A put of a structure's head, encoded when it is sent: of the heads that many folded calls write one after the other, the
 * last alone is, and each call finds what the one before it wrote without decoding it.
 */
export class LatePut implements Put {
  readonly kind = "put";
  readonly key: StoredKey;
  readonly type: EntryType;
  readonly incarnation: string;
  readonly expiry: Expiry;
  /** What is encoded; nobody changes it. */
  readonly content: unknown;
  readonly #encode: (content: unknown) => Payload;

  constructor(
    key: StoredKey,
    content: unknown,
    encode: (content: unknown) => Payload,
    expiry: Expiry,
    { type, incarnation }: { readonly type: EntryType; readonly incarnation: string },
  ) {
    this.key = key;
    this.content = content;
    this.#encode = encode;
    this.expiry = expiry;
    this.type = type;
    this.incarnation = incarnation;
  }

  get codec(): number {
    return this.#encode(this.content).codec;
  }

  get data(): Payload["data"] {
    return this.#encode(this.content).data;
  }

  /** The same as a plain object, as backends and what wraps them copy it. */
  encoded(): Put {
    const { kind, key, type, incarnation, expiry } = this;
    return { kind, key, type, ...this.#encode(this.content), expiry, incarnation };
  }
}
