import { constants, open } from "node:fs/promises";
import { StorageFault } from "../../core/errors.js";
import type { Breather } from "../files/breather.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { DataPages } from "./data-pages.js";

/** Looks at the file before giving up on one without a commit of another process meanwhile. */
const MOST_LOOKS = 8;
const FILL_BYTES = 1024 * 1024;

/**
 * Looks at a data file before LMDB maps it: touching a page beyond the file's end would kill the process. One that is
 * shorter than it says has free pages at its end, and is made as long as it should be, or it was cut, and stays as it is.
 *
 * @throws StorageFault `truncated` when something that counts is missing, `foreign` when it is no LMDB file.
 */
export async function mendShortFile(path: string, breather: Breather): Promise<void> {
  try {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const missing = await DataPages.look(path, async (pages) => whatIsMissing(path, pages, breather));
      if (missing === "unknown") continue;
      if (missing !== undefined && missing > 0) await append(path, missing);
      return;
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw fileFault(error, `opening ${path}`);
  }
  throw new StorageFault("busy", `${path} is being written by other processes; open it again`);
}

async function whatIsMissing(
  path: string,
  pages: DataPages,
  breather: Breather,
): Promise<number | "unknown"> {
  const { missingBytes } = pages;
  if (missingBytes === 0) return 0;
  const damage = await pages.damage(breather);
  // Somebody writes it, so it was mended or had nothing wrong.
  if (await pages.hasChanged()) return "unknown";
  if (damage === undefined) return missingBytes;
  throw new StorageFault(
    "truncated",
    `${path} was cut short: ${damage}; restore the store from a copy; nothing was changed`,
  );
}

/** Zeros at the end, wherever that is by then: whoever makes the file grow meanwhile loses nothing. */
async function append(path: string, bytes: number): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    const zeros = Buffer.alloc(Math.min(bytes, FILL_BYTES));
    for (let left = bytes; left > 0; left -= zeros.byteLength) {
      await handle.appendFile(zeros.subarray(0, Math.min(left, zeros.byteLength)));
    }
  } finally {
    await handle.close();
  }
}
