import type { KeyRange } from "../../core/range.js";

/** Above every key: no byte of UTF-8 is this high. */
const ABOVE_ALL = Buffer.from([0xff]);

/** A key as it is stored: its bytes, which SQLite compares one by one. */
export function keyBytes(key: string): Buffer {
  return Buffer.from(key);
}

/** A range as the two values between which keys are looked for. */
export function bounds({ start, end }: KeyRange): readonly [start: Uint8Array, end: Uint8Array] {
  return [keyBytes(start), end === undefined ? ABOVE_ALL : keyBytes(end)];
}
