import type { FileSystem } from "../../core/file-system.js";
import { errorCode, fileFault } from "./file-errors.js";

/** Removes a name, a symbolic link itself; nothing when it is not there. */
export async function removeIfPresent(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileFault(error, `removing ${path}`);
  }
}
