import { quoteName, StorageFault } from "./errors.js";

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** Longest namespace name, in bytes of UTF-8. */
export const MAX_NAMESPACE_BYTES = 128;
/** Longest field of a hash, in bytes of UTF-8. */
export const MAX_FIELD_BYTES = 512;
/** Longest stored key a backend must accept, in bytes of UTF-8, the namespace not counted. */
export const MAX_STORED_KEY_BYTES = 1536;

/**
 * A key as backends see it: a user's key as it is (a head: a value, or what owns the type and expiry of a structure), or
 * a kind, an incarnation id and a sub-key (an item of a structure). Users' keys hold no U+0000, so the kinds, which begin
 * with it, never meet them. Well-formed text, ordered by its bytes of UTF-8; see docs/decisions/0001.
 */
export type StoredKey = string;

/** What the stored keys of other things than heads begin with. */
export const KIND = {
  /** Part of a structure: a list node, a hash field, a blob chunk; stands under its head's incarnation. */
  item: "\0i",
  /** An index entry of stored objects. */
  index: "\0x",
  /** The product's own bookkeeping. */
  meta: "\0m",
} as const;

/** The stored key of a user's key. */
export function headKey(key: string): StoredKey {
  return key;
}

/** The user's key of a head's stored key. */
export function userKey(stored: StoredKey): string {
  return stored;
}

/** Whether a stored key is a user's key. */
export function isHead(stored: StoredKey): boolean {
  return stored.charCodeAt(0) !== 0;
}

/**
 * Checks a user's key: well-formed text of 1 to 1024 bytes of UTF-8 without U+0000.
 *
 * @throws TypeError when it is not a string; StorageFault `invalid-key` when the text is not allowed.
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== "string") throw new TypeError(`a key must be a string, not ${describe(key)}`);
  const flaw = nameFlaw(key, MAX_KEY_BYTES);
  if (flaw !== undefined) throw new StorageFault("invalid-key", `a key ${flaw}`, { key });
}

/**
 * Several users' keys as an array, every one checked.
 *
 * @throws TypeError when they are no iterable of strings; StorageFault `invalid-key`.
 */
export function checkKeys(keys: Iterable<string>): string[] {
  if (typeof keys === "string") throw new TypeError("give an array of keys, not one key");
  const checked = [...keys];
  for (const key of checked) checkKey(key);
  return checked;
}

/** Checks a field of a hash: as a key, but at most 512 bytes. */
export function checkField(field: unknown): asserts field is string {
  if (typeof field !== "string") throw new TypeError(`a field must be a string, not ${describe(field)}`);
  const flaw = nameFlaw(field, MAX_FIELD_BYTES);
  if (flaw === undefined) return;
  const what = field === "" ? "a field" : `the field ${quoteName(field)}`;
  throw new StorageFault("invalid-key", `${what} ${flaw}`);
}

/** Checks a namespace name: as a key, but at most 128 bytes, and "" is the root. */
export function checkNamespace(name: unknown): asserts name is string {
  if (typeof name !== "string") throw new TypeError(`a namespace must be a string, not ${describe(name)}`);
  if (name === "") return;
  const flaw = nameFlaw(name, MAX_NAMESPACE_BYTES);
  if (flaw !== undefined)
    throw new StorageFault("invalid-namespace", `a namespace ${flaw}`, { namespace: name });
}

function nameFlaw(name: string, maxBytes: number): string | undefined {
  if (name.length === 0) return "must not be empty";
  if (name.includes("\0")) return "must not contain U+0000";
  // Every UTF-16 unit is at most three bytes of UTF-8, so short names need no count.
  if (name.length * 3 > maxBytes && Buffer.byteLength(name) > maxBytes) {
    return `must be at most ${maxBytes} bytes of UTF-8, not ${Buffer.byteLength(name)}`;
  }
  return name.isWellFormed() ? undefined : "must be well-formed text, without lone surrogates";
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}

/** Units from which on JavaScript's order of texts may differ from that of their UTF-8. */
const WIDE = /[\ud800-\uffff]/;

/** Whether a text may stand elsewhere in JavaScript's own order, which is several times faster than {@link compareKeys}. */
export function isWide(text: string): boolean {
  return WIDE.test(text);
}

/**
 * Compares two well-formed texts by their bytes of UTF-8, which is the order of their code points. JavaScript's own
 * order differs only where a surrogate meets a unit from U+E000 up; the fix-up is the one in Unicode's
 * "UTF-16 sorted in code point order" note: rotate surrogates above the rest.
 *
 * @returns a negative number, 0 or a positive number.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
