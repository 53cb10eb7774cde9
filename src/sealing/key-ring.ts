import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** Length of a key, in bytes. */
export const KEY_BYTES = 32;
/** Bytes of a key's fingerprint. */
export const FINGERPRINT_BYTES = 8;

/** What keeps a key's id apart from a word of the configuration, and what its file or variable holds from other text. */
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/** Whether a key may be called this: 1 to 32 letters, digits, ".", "_" and "-", a letter or digit first. */
export function isKeyId(id: unknown): id is string {
  return typeof id === "string" && KEY_ID.test(id);
}

/** 32 bytes written as base64 or hex, space around them left out; undefined when the text is anything else. */
export function parseKey(text: string): Uint8Array | undefined {
  const written = text.trim();
  if (HEX.test(written)) return Buffer.from(written, "hex");
  return BASE64.test(written) ? Buffer.from(written, "base64") : undefined;
}

/** A key of AES-256. What it is made of stays out of reach: nothing that inspects it shows any of it. */
export class SealingKey {
  readonly id: string;
  readonly secret: KeyObject;
  /** Tells keys apart without telling anything else about them. */
  readonly fingerprint: Uint8Array;

  /** @param bytes 32 of them; wiped once they are taken over. */
  constructor(id: string, bytes: Uint8Array) {
    if (!isKeyId(id)) throw new RangeError("this cannot be the id of a key");
    if (bytes.byteLength !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
    this.id = id;
    this.secret = createSecretKey(bytes);
    bytes.fill(0);
    const digest = createHmac("sha256", this.secret).update("holdfast: which key is this").digest();
    this.fingerprint = digest.subarray(0, FINGERPRINT_BYTES);
  }
}

/** The keys of a store: it seals with one of them, if any, and opens with all. */
export class KeyRing {
  /** Absent: what is written is not encrypted. */
  readonly active: SealingKey | undefined;
  readonly #keys = new Map<string, SealingKey>();

  /** @throws RangeError when two keys have one id, or the active one is not among them. */
  constructor(keys: readonly SealingKey[], activeId: string | undefined) {
    for (const key of keys) {
      if (this.#keys.has(key.id)) throw new RangeError(`two keys are called ${JSON.stringify(key.id)}`);
      this.#keys.set(key.id, key);
    }
    this.active = activeId === undefined ? undefined : this.#keys.get(activeId);
    if (activeId !== undefined && this.active === undefined) {
      throw new RangeError(`no key is called ${JSON.stringify(activeId)}`);
    }
  }

  find(id: string): SealingKey | undefined {
    return this.#keys.get(id);
  }

  /** These keys and others, to open with alone; of two with one id the other ring's counts. */
  joined(others: KeyRing): KeyRing {
    return new KeyRing([...new Map([...this.#keys, ...others.#keys]).values()], undefined);
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }
}
