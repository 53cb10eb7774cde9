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
export function memoryHarness(name: string, cache: CacheUnderTest): StorageHarness {
  return {
    name,
    persistent: false,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => ({ backend: "memory", cache }),
  };
}

/** Stores in folders of LMDB, each in a new one. */
export function lmdbHarness(
  name: string,
  cache: CacheUnderTest,
  settings: StorageSettings = {},
): StorageHarness {
  return {
    name,
    persistent: true,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => {
      const folder = await mkdtemp(path.join(MEMORY_FOLDER, "holdfast-stack-"));
      return { backend: "lmdb", cache, ...settings, lmdb: { path: folder } };
    },
    destroy: async ({ lmdb }) => rm(lmdb?.path as string, { recursive: true }),
  };
}

/** Stores in files of SQLite, each in a new folder of its own. */
export function sqliteHarness(
  name: string,
  cache: CacheUnderTest,
  settings: StorageSettings = {},
): StorageHarness {
  return {
    name,
    persistent: true,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => {
      const folder = await mkdtemp(path.join(MEMORY_FOLDER, "holdfast-stack-"));
      return { backend: "sqlite", cache, ...settings, sqlite: { path: path.join(folder, "store.db") } };
    },
    destroy: async ({ sqlite }) => rm(path.dirname(sqlite?.path as string), { recursive: true }),
  };
}

/** Stores in files, each in a new folder of its own. */
export function fileHarness(
  name: string,
  cache: CacheUnderTest,
  settings: StorageSettings = {},
): StorageHarness {
  return {
    name,
    persistent: true,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => {
      const folder = await mkdtemp(path.join(MEMORY_FOLDER, "holdfast-stack-"));
      return { backend: "file", cache, ...settings, file: { path: path.join(folder, "store.json") } };
    },
    destroy: async ({ file }) => rm(path.dirname(file?.path as string), { recursive: true }),
  };
}

/** Stores in folders of readable files, each in a new one. */
export function directoryHarness(
  name: string,
  cache: CacheUnderTest,
  settings: StorageSettings = {},
): StorageHarness {
  return {
    name,
    persistent: true,
    cacheEntries: cache.max_entries,
    values: cache.values ?? "copy",
    settings: async () => {
      const folder = await mkdtemp(path.join(MEMORY_FOLDER, "holdfast-stack-"));
      return { backend: "directory", cache, ...settings, directory: { path: path.join(folder, "store") } };
    },
    destroy: async ({ directory }) => rm(path.dirname(directory?.path as string), { recursive: true }),
  };
}
