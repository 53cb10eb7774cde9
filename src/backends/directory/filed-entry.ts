import type { StoredEntry, StoredHeader } from "../../core/entry.js";
import { localEntry, type LocalEntry } from "../local/local-entry.js";

/** Added to the codec, a byte, of an entry whose value stands in a file of its own. */
const FILED = 256;

/**
 * The entry as the index keeps it: in the place of its value stands how large that is. The value is in the entry's file,
 * or on its way there.
 */
export function filedEntry({
  key,
  version,
  type,
  codec,
  incarnation,
  expiresAt,
  size,
}: LocalEntry): LocalEntry {
  const header = { key, version, type, incarnation, expiresAt };
  return localEntry({ ...header, codec: codec + FILED, data: String(size) });
}

/** Whether this is how the index keeps an entry; otherwise it has its value with it. */
export function isFiled(entry: LocalEntry): boolean {
  return entry.codec >= FILED;
}

/** What the contract calls a header, of an entry of the index. */
export function headerOf(entry: LocalEntry): StoredHeader {
  const { key, version, type, incarnation, expiresAt } = entry;
  return {
    ...{ key, version, type, size: Number(entry.data) },
    ...(incarnation !== undefined && { incarnation }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** An entry of the index with its value again. */
export function withData(entry: LocalEntry, data: string | Uint8Array): StoredEntry {
  return { ...headerOf(entry), codec: entry.codec - FILED, data };
}
