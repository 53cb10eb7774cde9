import { stat } from "node:fs/promises";
import { inWorker } from "./maintenance-worker.js";
import { isLocked, sqliteFault } from "./sqlite-errors.js";
import type { SqliteStore } from "./sqlite-store.js";

/** A file of this size is checked within a few milliseconds, long before a thread would have begun. */
const SMALL_BYTES = 1024 * 1024;

/**
 * Has SQLite look at every page of a store's file, by a connection of its own: others may have sound copies of damaged
 * pages in their caches. What lives in memory has no pages to be damaged.
 *
 * @param timeoutMs how long a thread waits for locks
 * @returns what SQLite finds wrong
 */
export async function checkPages(store: SqliteStore, timeoutMs: number): Promise<readonly string[]> {
  const { path, isFile } = store.options;
  if (!isFile) return [];
  const found = (await sizeOf(path)) <= SMALL_BYTES ? checkHere(store) : undefined;
  return found ?? (await inWorker(store, "check", timeoutMs));
}

/** Undefined when the file is locked now: here nobody can wait for that. */
function checkHere({ driver, options: { path } }: SqliteStore): readonly string[] | undefined {
  const doing = `checking ${path}`;
  try {
    const database = driver.open(path);
    try {
      const rows = database
        .prepare("SELECT CAST(integrity_check AS BLOB) FROM pragma_integrity_check")
        .all([]);
      return rows
        .map(([message]) => Buffer.from(message as Uint8Array).toString())
        .filter((message) => message !== "ok");
    } finally {
      database.close();
    }
  } catch (error) {
    if (isLocked(error)) return undefined;
    const fault = sqliteFault(error, doing);
    // Some damage ends the check itself; that is a finding too.
    if (fault.reason === "checksum") return [fault.message];
    throw fault;
  }
}

/** Of the file and the log that stands ahead of it. */
async function sizeOf(path: string): Promise<number> {
  const sizes = await Promise.all(
    [path, `${path}-wal`].map((each) =>
      stat(each).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
