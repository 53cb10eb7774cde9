import type { FileSystem } from "../../core/file-system.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { listStore } from "./recovery.js";
import type { StoreLayout } from "./store-layout.js";

/** The files of a store and their sizes, the snapshot first. */
export async function storeFiles(
  fs: FileSystem,
  layout: StoreLayout,
): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const files = await listStore(fs, layout);
  const paths = [layout.snapshot, ...files.map((file) => file.path).sort()];
  const sizes = await Promise.all(paths.map((path) => sizeIfPresent(fs, path)));
  return paths.flatMap((path, i) => (sizes[i] === undefined ? [] : { path, bytes: sizes[i] }));
}

/** The size of a file; undefined when it is not there, or no longer. */
export async function sizeIfPresent(fs: FileSystem, path: string): Promise<number | undefined> {
  try {
    return await fs.size(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileFault(error, `looking at ${path}`);
  }
}
