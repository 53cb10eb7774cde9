import type { StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import type { LmdbKey, LmdbRange } from "./lmdb-driver.js";

/** What ends a namespace's name in a key. Names hold no U+0000, so the keys of no two namespaces mix. */
const NAME_END = "\0";
/** Above every key of a namespace. */
const PAST_NAME = "\u0001";
/** Longer than any key, and what LMDB takes: a bound cut here lies between the same keys as before. */
const MAX_BOUND_BYTES = 1800;
const MAX_BYTES_PER_UNIT = 3;

/** Where an entry of a namespace stands; with key "", where the namespace itself does. */
export function placeOf(namespace: string, key: StoredKey): string {
  return namespace + NAME_END + key;
}

/** The namespace and the stored key of a place. */
export function splitPlace(place: string): { readonly namespace: string; readonly key: StoredKey } {
  const end = place.indexOf(NAME_END);
  return { namespace: place.slice(0, end), key: place.slice(end + 1) };
}

/** The places of a range of keys, the way lmdb-js wants them. */
export function placesIn(namespace: string, range: KeyRange, reverse = false): LmdbRange {
  const low = bound(placeOf(namespace, range.start));
  const high = bound(range.end === undefined ? namespace + PAST_NAME : placeOf(namespace, range.end));
  if (!reverse) return { start: low, end: high };
  return { start: high, end: low, reverse, exclusiveStart: true, inclusiveEnd: true };
}

function bound(place: string): LmdbKey {
  if (place.length * MAX_BYTES_PER_UNIT <= MAX_BOUND_BYTES) return place;
  const bytes = Buffer.from(place);
  return bytes.byteLength <= MAX_BOUND_BYTES ? place : bytes.subarray(0, MAX_BOUND_BYTES);
}

/** A whole number as text of fixed width, in numerical order. Out of range it is the nearest that fits. */
export function orderedNumber(number: number): string {
  const whole = Math.min(Math.max(Math.floor(number), 0), Number.MAX_SAFE_INTEGER);
  return whole.toString(16).padStart(ORDERED_DIGITS, "0");
}

/** Characters of an ordered number. */
export const ORDERED_DIGITS = 14;

/** How lmdb-js writes and reads our keys: as UTF-8, whose byte order is the order of the contract. */
export const keyEncoder = {
  writeKey(key: LmdbKey, target: Buffer, start: number): number {
    if (typeof key !== "string") {
      target.set(key, start);
      return start + key.byteLength;
    }
    // A write of text that does not fit is cut silently, where lmdb-js expects this error and a second attempt.
    if (start + key.length * MAX_BYTES_PER_UNIT > target.byteLength && !fits(key, target, start)) {
      throw new RangeError("the key does not fit into the buffer");
    }
    return start + target.write(key, start, "utf8");
  },
  readKey(source: Buffer, start: number, end: number): string {
    return source.toString("utf8", start, end);
  },
};

function fits(key: string, target: Buffer, start: number): boolean {
  return start + Buffer.byteLength(key) <= target.byteLength;
}
