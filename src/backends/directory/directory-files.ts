import { join } from "node:path";
import type { FileSystem } from "../../core/file-system.js";
import { sizeIfPresent, storeFiles } from "../file/store-files.js";
import { StoreLayout } from "../file/store-layout.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import type { DirectoryLayout } from "./directory-layout.js";
import { inLanes } from "./in-lanes.js";

/** Files asked for their size at a time. */
const LANES = 8;

/** The files of a store and their sizes: the index and its journals, then those of entries. */
export async function directoryFiles(
  fs: FileSystem,
  layout: DirectoryLayout,
): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const found = [...(await storeFiles(fs, new StoreLayout(layout.index)))];
  for (const folder of await foldersIn(fs, layout)) {
    const paths = (await listed(fs, folder)).sort().map((name) => join(folder, name));
    await inLanes(LANES, paths, async (path) => {
      // Files of entries are removed beside this.
      const bytes = (await fs.kind(path)) === "file" ? await sizeIfPresent(fs, path) : undefined;
      if (bytes !== undefined) found.push({ path, bytes });
    });
  }
  return found;
}

/** The folders beside the store's own, of namespaces or not. */
async function foldersIn(fs: FileSystem, layout: DirectoryLayout): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const name of await listed(fs, layout.root)) {
    const path = join(layout.root, name);
    if (!layout.isOwnFolder(name) && (await fs.kind(path)) === "folder") folders.push(path);
  }
  return folders;
}

/** The names in a folder; none when it is gone. */
export async function listed(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileFault(error, `listing ${folder}`);
  }
}
