/** A number of bytes: a whole number, or text such as `"512"`, `"64KiB"`, `"64MiB"`, `"1GiB"`, `"10MB"`. */
export type ByteSize = number | string;

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const SIZE = /^(\d+(?:\.\d+)?)\s?([KMG]i?B|B)?$/;

/** Bytes of a size, a whole number of at least 0; `undefined` when it is not one. */
export function parseSize(size: ByteSize): number | undefined {
  const match = typeof size === "string" ? SIZE.exec(size) : undefined;
  const bytes = match ? Number(match[1]) * (UNIT_BYTES[match[2] ?? "B"] as number) : size;
  return typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}
