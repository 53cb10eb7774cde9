import type { Payload } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { byteLength } from "../core/value-encoder.js";
import {
  COMPRESSED,
  compressLargePayload,
  compressPayload,
  decompressPayload,
  LARGE_BYTES,
} from "./compressed-payload.js";
import {
  decryptPayload,
  ENCRYPTED,
  encryptPayload,
  isEncryptedWith,
  requireKeyOf,
} from "./encrypted-payload.js";
import { placeText, type EntryPlace } from "./entry-place.js";
import type { KeyRing } from "./key-ring.js";

export interface SealOptions {
  readonly keys: KeyRing;
  /** Values of so many bytes and more are compressed where that makes them smaller; Infinity for none. */
  readonly compressFrom: number;
  /** Whether values that are not encrypted are refused, as somebody who writes to the store could put them there. */
  readonly refusesPlain: boolean;
}

/** Compresses and encrypts values, and undoes it. What was done to a value stands with it, so settings may change. */
export class ValueSeal {
  readonly #keys: KeyRing;
  readonly #compressFrom: number;
  readonly #refusesPlain: boolean;

  constructor({ keys, compressFrom, refusesPlain }: SealOptions) {
    this.#keys = keys;
    this.#compressFrom = compressFrom;
    this.#refusesPlain = refusesPlain;
  }

  /** Whether anything is done to what is written. */
  get isIdle(): boolean {
    return this.#keys.active === undefined && this.#compressFrom === Infinity;
  }

  get hasKeys(): boolean {
    return !this.#keys.isEmpty;
  }

  get isEncrypting(): boolean {
    return this.#keys.active !== undefined;
  }

  /**
   * A value as it is to be stored.
   *
   * @param maxBytes the most a value may have: a larger one is not compressed, so that the backend refuses it.
   */
  seal(place: EntryPlace, payload: Payload, maxBytes: number): Payload {
    return this.#encrypt(place, this.#isCompressed(payload, maxBytes) ? compressPayload(payload) : payload);
  }

  /** As {@link seal}, compressing on another thread. */
  async sealLarge(place: EntryPlace, payload: Payload, maxBytes: number): Promise<Payload> {
    return this.#encrypt(
      place,
      this.#isCompressed(payload, maxBytes) ? await compressLargePayload(payload) : payload,
    );
  }

  /** Whether sealing would hold up everything else. */
  isLarge(payload: Payload): boolean {
    return payload.data.length >= LARGE_BYTES && this.#isCompressed(payload, Infinity);
  }

  /** Whether a value is stored in a form that {@link open} undoes, or refuses. */
  needsOpening({ codec }: Payload): boolean {
    return codec === ENCRYPTED || codec === COMPRESSED || this.#refusesPlain;
  }

  /**
   * A value as it was before it was sealed.
   *
   * @param maxBytes the most that a compressed value may unpack to.
   * @throws StorageFault of a reason of corruption; nothing of the value is in it.
   */
  open(place: EntryPlace, payload: Payload, maxBytes: number): Payload {
    const opened = payload.codec === ENCRYPTED ? this.#decrypt(place, payload) : this.#admitPlain(payload);
    return opened.codec === COMPRESSED ? decompressPayload(bytesOf(opened), maxBytes) : opened;
  }

  /** The same with other keys, to open with. */
  opening(keys: KeyRing): ValueSeal {
    return new ValueSeal({ keys, compressFrom: this.#compressFrom, refusesPlain: this.#refusesPlain });
  }

  /** @throws StorageFault of a reason of corruption when a value is encrypted with a key that is not here. */
  requireKey(payload: Payload): void {
    if (payload.codec === ENCRYPTED) requireKeyOf(this.#keys, bytesOf(payload));
  }

  /** Whether a stored value is encrypted as it would be if it were written now. */
  isCurrent(payload: Payload): boolean {
    const { active } = this.#keys;
    return active === undefined ? payload.codec !== ENCRYPTED : isEncryptedWith(active, payload);
  }

  #isCompressed({ data }: Payload, maxBytes: number): boolean {
    if (this.#compressFrom === Infinity) return false;
    const bytes = byteLength(data);
    return bytes >= this.#compressFrom && bytes <= maxBytes;
  }

  #encrypt(place: EntryPlace, payload: Payload): Payload {
    const { active } = this.#keys;
    return active === undefined ? payload : encryptPayload(active, placeText(place), payload);
  }

  #decrypt(place: EntryPlace, payload: Payload): Payload {
    const opened = decryptPayload(this.#keys, placeText(place), bytesOf(payload));
    if (opened.codec !== ENCRYPTED) return opened;
    throw new StorageFault("decode", "the value is encrypted twice, which this version never does");
  }

  #admitPlain(payload: Payload): Payload {
    if (!this.#refusesPlain) return payload;
    const message =
      "the value is not encrypted, and encryption.plain is refuse; call rekey with plain: read if it is yours";
    throw new StorageFault("foreign", message);
  }
}

/** What was sealed is bytes; as text, damage or an edit by hand has made it something else. */
function bytesOf({ data }: Payload): Uint8Array {
  if (typeof data !== "string") return data;
  throw new StorageFault("decode", "the value says that it is sealed, and is text");
}
