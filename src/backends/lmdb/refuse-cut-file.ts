import { StorageFault } from "../../core/errors.js";
import type { Breather } from "../files/breather.js";
import { errorCode } from "../files/file-errors.js";
import { DataPages } from "./data-pages.js";
import { lmdbFileFault } from "./lmdb-errors.js";

/** Looks at the file before giving up on one without a commit of another process meanwhile. */
const MOST_LOOKS = 8;

/**
 * Looks at a data file before LMDB maps it: touching a page beyond the file's end would kill the process. A file that is
 * shorter than it says may have free pages at its end, which LMDB writes before it reads them, or was cut.
 *
 * @throws StorageFault `truncated` when something that counts is missing, `foreign` when it is no LMDB file.
 */
export async function refuseCutFile(path: string, breather: Breather): Promise<void> {
  try {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const isKnown = await DataPages.look(path, (pages) => isWhole(path, pages, breather));
      if (isKnown !== false) return;
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw lmdbFileFault(error, `opening ${path}`);
  }
  throw new StorageFault("busy", `${path} is being written by other processes; open it again`);
}

/** False when it could not be told, because somebody has written meanwhile. */
async function isWhole(path: string, pages: DataPages, breather: Breather): Promise<boolean> {
  if (!pages.isShort) return true;
  const damage = await pages.damage(breather);
  if (damage === undefined) return true;
  if (await pages.hasChanged()) return false;
  throw new StorageFault(
    "truncated",
    `${path} was cut short: ${damage}; restore the store from a copy; nothing was changed`,
  );
}
