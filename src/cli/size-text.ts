const UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
];

/** A number of bytes as options take it, exactly: `64MiB`, `1000`. */
export function sizeText(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit[1]}${unit[0]}`;
}

/** The same for people, to a tenth: `3.4 MiB`, `512 bytes`. */
export function roundSizeText(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes >= size);
  return unit === undefined ? `${bytes} bytes` : `${(bytes / unit[1]).toFixed(1)} ${unit[0]}`;
}
