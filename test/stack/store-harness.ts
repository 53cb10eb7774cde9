import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { StorageSettings } from "../../src/plugin/settings.js";
import type { StorageHarness } from "../../src/testing/storage-suite.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";

/** The cache of a configuration under test; what is left out is as users have it by default. */
export interface CacheUnderTest {
  readonly max_entries: number;
  readonly values?: "copy" | "frozen";
}

/** Stores in memory. */
export function memoryHarness(
  name: string,
  cache: CacheUnderTest,
  settings: StorageSettings = {},
): StorageHarness {
  return {
    name,
    persistent: false,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => ({ backend: "memory", cache, ...settings }),
  };
}

type MakeHarness = (name: string, cache: CacheUnderTest, settings?: StorageSettings) => StorageHarness;

/** Stores of a backend whose data is at a path, each in a new folder of its own. */
function onDisk(backend: "file" | "directory" | "sqlite" | "lmdb", place: string): MakeHarness {
  return (name, cache, settings = {}) => ({
    name,
    persistent: true,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => {
      const folder = await mkdtemp(path.join(MEMORY_FOLDER, "holdfast-stack-"));
      return { backend, cache, ...settings, [backend]: { path: path.join(folder, place) } };
    },
    destroy: async (made) => rm(path.dirname(made[backend]?.path as string), { recursive: true }),
  });
}

export const fileHarness = onDisk("file", "store.json");
export const directoryHarness = onDisk("directory", "store");
export const sqliteHarness = onDisk("sqlite", "store.db");
export const lmdbHarness = onDisk("lmdb", "store");
