import { access, constants, lstat } from "node:fs/promises";
import type { Stats } from "node:fs";
import { StorageFault } from "../../core/errors.js";
import { errorCode } from "../files/file-errors.js";
import type { DataFolder } from "./data-folder.js";
import { lmdbFileFault } from "./lmdb-errors.js";

/**
 * Looks at the files of a generation before LMDB does. It follows a link where its table of readers should be, and ends
 * the process when it cannot open that; and it takes a data file without a byte for one that it is to begin.
 *
 * @throws StorageFault `truncated` when a file that `compact` made is empty, `io` or `read-only` for an unfit table of readers.
 */
export async function refuseUnfitFiles(folder: DataFolder, generation: number): Promise<void> {
  const path = folder.dataFile(generation);
  const data = await statsOf(path);
  // The first one is empty until LMDB has begun it.
  if (data?.size === 0 && generation > 1) {
    throw new StorageFault(
      "truncated",
      `${path} is empty; restore the store from a copy; nothing was changed`,
    );
  }
  const lock = folder.lockFile(generation);
  const found = await statsOf(lock);
  if (found === undefined) return;
  if (!found.isFile()) {
    const what = found.isSymbolicLink() ? "a symbolic link" : "no file";
    throw new StorageFault(
      "io",
      `opening ${lock} failed; it is ${what}; move it away while no process has the store open`,
    );
  }
  await access(lock, constants.R_OK | constants.W_OK).catch((error: unknown) => {
    throw lmdbFileFault(error, `opening ${lock}`);
  });
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw lmdbFileFault(error, `opening ${path}`);
  }
}
