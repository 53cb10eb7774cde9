import type { StoredEntry } from "../../core/entry.js";
import { byteLength } from "../../core/value-encoder.js";
import type { ScanPage, ScanWant } from "../backend.js";
import { LocalEntry } from "../local/local-entry.js";

/**
 * Entries whose values, where they still stand in a file, were read from there now, so that one that is damaged fails the
 * call that is to hand it out and not whoever looks at it later.
 *
 * @param once the store does not keep what was read, which stays in the file's lines alone: whoever looks at every value
 * of a store would leave all of them in memory.
 * @throws DamageFault `checksum` or `decode`.
 */
export function fetchedValues<E extends object | undefined>(
  entries: readonly E[],
  once = false,
): readonly E[] {
  if (once) return entries.map((entry) => (isStanding(entry) ? readApart(entry) : entry) as E);
  for (const entry of entries) if (entry !== undefined && "data" in entry) void entry.data;
  return entries;
}

/** The same pages, once {@link fetchedValues} has been through them. */
export async function* fetchedPages<W extends ScanWant>(
  pages: AsyncIterable<ScanPage<W>>,
  once?: boolean,
): AsyncGenerator<ScanPage<W>> {
  for await (const page of pages) {
    const entries = fetchedValues(page.entries, once);
    yield entries === page.entries ? page : { ...page, entries };
  }
}

function isStanding(entry: object | undefined): entry is LocalEntry {
  return entry instanceof LocalEntry && LocalEntry.placeOf(entry) !== undefined;
}

function readApart(entry: LocalEntry): StoredEntry {
  const { key, version, type, codec, incarnation, expiresAt } = entry;
  const data = LocalEntry.peek(entry);
  return {
    key,
    version,
    type,
    codec,
    data,
    size: byteLength(data),
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
