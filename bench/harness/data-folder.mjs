import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MEMORY_FILE_SYSTEMS = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);
const CANDIDATES = [tmpdir(), "/var/tmp", fileURLToPath(new URL("../results", import.meta.url))];
const made = new Set();

function isOnDisk(folder) {
  try {
    return !MEMORY_FILE_SYSTEMS.has(statfsSync(folder).type);
  } catch {
    return false;
  }
}

/** A new empty folder on a real disk: figures of durable writes taken in memory would say nothing. */
export function makeDataFolder() {
  mkdirSync(CANDIDATES.at(-1), { recursive: true });
  const parent = CANDIDATES.find(isOnDisk);
  if (parent === undefined)
    throw new Error(`none of ${CANDIDATES.join(", ")} is on a disk; set TMPDIR to a folder that is`);
  const folder = mkdtempSync(join(parent, "holdfast-bench-"));
  made.add(folder);
  return folder;
}

export function removeDataFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  made.delete(folder);
}

/** Removes what is left; for aborts. */
export function removeAllDataFolders() {
  for (const folder of made) removeDataFolder(folder);
}
