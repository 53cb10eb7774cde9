import type { StoredHeader } from "../core/entry.js";
import type { StoredKey } from "../core/key.js";

/** Values held at once, in bytes; one that is larger is held alone. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const CHUNK_ENTRIES = 512;

/** The keys of entries in their order, cut so that the values of a piece may be held at once. */
export function* entryChunks(headers: Iterable<StoredHeader>): Generator<StoredKey[]> {
  let keys: StoredKey[] = [];
  let bytes = 0;
  for (const { key, size } of headers) {
    if (keys.length === CHUNK_ENTRIES || (keys.length > 0 && bytes + size > CHUNK_BYTES)) {
      yield keys;
      keys = [];
      bytes = 0;
    }
    keys.push(key);
    bytes += size;
  }
  if (keys.length > 0) yield keys;
}
