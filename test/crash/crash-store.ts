import { join } from "node:path";
import type { Backend, BackendFactory } from "../../src/backends/backend.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";

/** A kind of store that a writing process and whoever judges what it left open alike. */
export interface CrashStore {
  /** Also stands in the ids of long rows: `R1-file`. */
  readonly name: string;
  /** The backend's section of the configuration, for a store within a folder. */
  options(folder: string): Readonly<Record<string, unknown>>;
  /** Loaded only where it is used, so that no driver of another kind is needed. */
  load(): Promise<BackendFactory>;
}

const file: CrashStore = {
  name: "file",
  options: (folder) => ({ path: join(folder, "storage.json"), backupCount: 1 }),
  load: async () => (await import("../../src/backends/file/file-backend.js")).fileBackend,
};

const directory: CrashStore = {
  name: "directory",
  options: (folder) => ({ path: join(folder, "store") }),
  load: async () => (await import("../../src/backends/directory/directory-backend.js")).directoryBackend,
};

const sqlite: CrashStore = {
  name: "sqlite",
  options: (folder) => ({ path: join(folder, "store.db") }),
  load: async () => (await import("../../src/backends/sqlite/sqlite-backend.js")).sqliteBackend,
};

const lmdb: CrashStore = {
  name: "lmdb",
  options: (folder) => ({ path: join(folder, "lmdb") }),
  load: async () => (await import("../../src/backends/lmdb/lmdb-backend.js")).lmdbBackend,
};

/** Every kind, by name: a writing process is told the name. */
export const CRASH_STORES = { file, directory, sqlite, lmdb } as const satisfies Record<string, CrashStore>;

export type CrashStoreName = keyof typeof CRASH_STORES;

/** A store of that kind within a folder, not yet open, on this machine's clock and disk. */
export async function crashStoreIn(folder: string, store: CrashStore): Promise<Backend> {
  const conditions = { runtime: systemRuntime, changes: { count: 100, ageMs: 60_000 }, sweepIntervalMs: 0 };
  const factory = await store.load();
  return factory(suiteSetup(conditions, { options: store.options(folder), warn: () => undefined }));
}
