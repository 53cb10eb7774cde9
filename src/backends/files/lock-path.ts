import { join } from "node:path";

/** Below the folder of a store of the backend directory: what is not of an entry. */
export const OWN_FOLDER = ".holdfast";
/** In it: the index of all entries, which is kept as a store of the backend file. */
export const INDEX_FILE = "index.json";

/**
 * Where the lock of a store of files stands.
 *
 * @param path of the store, as its configuration has it.
 */
export function lockPath(backend: "file" | "directory", path: string): string {
  return `${backend === "file" ? path : join(path, OWN_FOLDER, INDEX_FILE)}.lock`;
}
