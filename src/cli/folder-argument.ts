import { stat } from "node:fs/promises";
import { usageError } from "./cli-error.js";

/** @throws CliError when no folder is where that of a backup should be. */
export async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw usageError(`there is no folder ${path}; give that of a backup`, error);
    // What hinders a look otherwise, reading the backup tells better.
    return undefined;
  });
  if (found?.isDirectory() === false) throw usageError(`${path} is no folder; give that of a backup`);
}
