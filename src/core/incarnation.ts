import { KIND, type StoredKey } from "./key.js";
import { prefixRange, type KeyRange } from "./range.js";
import type { Random } from "./runtime.js";

const ID_BYTES = 16;
/** Units of text in an incarnation's id: 16 bytes in base64url. */
const ID_LENGTH = 22;

/**
 * Mints the ids under which structures keep their items: 16 random bytes, so that one made anew under the same key
 * shares nothing with the one before it, whoever makes it.
 */
export class IncarnationSource {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): string {
    return Buffer.from(this.#random.bytes(ID_BYTES)).toString("base64url");
  }
}

/** The stored key of an item; `place` is its key within the structure. */
export function itemKey(incarnation: string, place: string): StoredKey {
  return KIND.item + incarnation + place;
}

/** An item's key within its structure. */
export function placeOfItem(key: StoredKey): string {
  return key.slice(KIND.item.length + ID_LENGTH);
}

/** The incarnation that an item stands under. */
export function incarnationOfItem(key: StoredKey): string {
  return key.slice(KIND.item.length, KIND.item.length + ID_LENGTH);
}

/** Whether a text has the form of an incarnation's id. */
export function isIncarnation(text: unknown): boolean {
  return typeof text === "string" && text.length === ID_LENGTH && /^[\w-]+$/.test(text);
}

/** Every item of an incarnation. */
export function itemRange(incarnation: string): KeyRange {
  return prefixRange(KIND.item + incarnation);
}
