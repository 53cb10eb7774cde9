import { constants, lstat, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StorageFault } from "../../core/errors.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { nodeFileSystem } from "../files/node-file-system.js";

const PRIVATE_FILE = 0o600;
const FORBIDDEN = "make the file and its folder readable and writable for this user";

/** The database itself, its log, and the index of the log that processes share. */
const SUFFIXES = ["", "-wal", "-shm"] as const;

/**
 * Makes an empty private file where none is; SQLite gives its other files the same mode. A file that is there is looked
 * at and never opened here: closing it would drop the locks that SQLite holds on it in this process, a trait of POSIX.
 *
 * @throws StorageFault when something else is there, such as a symbolic link.
 */
export async function prepareFile(path: string): Promise<void> {
  try {
    await nodeFileSystem.makeDir(dirname(path));
    await refuseLogAlone(path);
    if (await create(path)) return await nodeFileSystem.syncDir(dirname(path));
    const found = await lstat(path);
    if (found.isFile()) return;
    const what = found.isSymbolicLink()
      ? "a symbolic link; give the path that it points to"
      : "no file; give another path";
    throw new StorageFault("io", `opening ${path} failed; it is ${what}`);
  } catch (error) {
    throw fileFault(error, `opening ${path}`, { forbidden: FORBIDDEN });
  }
}

/**
 * A log belongs to a database that has its first page: without one, SQLite would throw the log away and begin anew.
 *
 * @throws StorageFault `truncated`.
 */
async function refuseLogAlone(path: string): Promise<void> {
  if (((await sizeOf(path)) ?? 0) > 0 || ((await sizeOf(`${path}-wal`)) ?? 0) === 0) return;
  throw new StorageFault(
    "truncated",
    `opening ${path} failed; the file is empty or gone, but its log ${path}-wal is not: restore both from a copy, or move the log away to begin anew`,
  );
}

/** Whether the file was not there before. */
async function create(path: string): Promise<boolean> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE_FILE);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** The files of a database that are there, with their sizes. */
export async function filesOf(path: string): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const files: { readonly path: string; readonly bytes: number }[] = [];
  for (const suffix of SUFFIXES) {
    const bytes = await sizeOf(path + suffix);
    if (bytes !== undefined) files.push({ path: path + suffix, bytes });
  }
  return files;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileFault(error, `looking at ${path}`, { forbidden: FORBIDDEN });
  }
}
