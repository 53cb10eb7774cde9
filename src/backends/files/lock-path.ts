import { join } from "node:path";

/** Of a store of the backend directory, below its folder: the index, which is kept as a store of the backend file. */
const INDEX = [".holdfast", "index.json"];

/**
 * Where the lock of a store of files stands.
 *
 * @param path of the store, as its configuration has it.
 */
export function lockPath(backend: "file" | "directory", path: string): string {
  return `${backend === "file" ? path : join(path, ...INDEX)}.lock`;
}
