import { openEnvelope, sealEnvelope } from "../../core/envelope.js";
import type { Header, StoredEntry, StoredHeader } from "../../core/entry.js";
import { ofKey } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { ScanWant, Wanted } from "../backend.js";
import type { EntryRow, HeaderRow } from "./sql-store.js";

/** What an envelope adds to the data in it. */
const ENVELOPE_BYTES = sealEnvelope("", "", "", { codec: 0, data: "" }).byteLength;

export function headerOf({ version, type, incarnation, expiresAt, sealedBytes }: HeaderRow): Header {
  return {
    version,
    type,
    size: Math.max(0, sealedBytes - ENVELOPE_BYTES),
    ...(incarnation !== null && { incarnation }),
    ...(expiresAt !== null && { expiresAt }),
  };
}

/**
 * A row as the contract gives entries.
 *
 * @throws StorageFault naming the key, when the stored value is damaged or is not this key's.
 */
export function storedEntry(namespace: string, key: StoredKey, row: Omit<EntryRow, "key">): StoredEntry {
  try {
    const payload = openEnvelope(namespace, key, row.version, row.value ?? new Uint8Array(0));
    return { key, ...headerOf(row), ...payload };
  } catch (error) {
    throw ofKey(error, key);
  }
}

/** A row as what was wanted of it. */
export function wantedOf<W extends ScanWant>(
  namespace: string,
  key: StoredKey,
  row: Omit<EntryRow, "key">,
  want: W,
): Wanted<W> {
  if (want === "keys") return { key } as Wanted<W>;
  if (want === "values") return storedEntry(namespace, key, row) as Wanted<W>;
  return { key, ...headerOf(row) } satisfies StoredHeader as Wanted<W>;
}
