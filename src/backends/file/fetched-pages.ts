import type { ScanPage, ScanWant } from "../backend.js";

/**
 * Has values that still stand in a file read from there now, so that one that is damaged fails the call that is to
 * hand it out and not whoever looks at it later.
 *
 * @throws DamageFault `checksum` or `decode`.
 */
export function fetchValues(entries: readonly (object | undefined)[]): void {
  for (const entry of entries) if (entry !== undefined && "data" in entry) void entry.data;
}

/** The same pages, once {@link fetchValues} has been through them. */
export async function* fetchedPages<W extends ScanWant>(
  pages: AsyncIterable<ScanPage<W>>,
): AsyncGenerator<ScanPage<W>> {
  for await (const page of pages) {
    fetchValues(page.entries);
    yield page;
  }
}
