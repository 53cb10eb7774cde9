import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { DirectoryBackend } from "../../src/backends/directory/directory-backend.js";
import { FileBackend } from "../../src/backends/file/file-backend.js";
import type { StoreSizes } from "../../src/backends/file/store-log.js";
import type { StoreLock } from "../../src/backends/files/store-lock.js";
import type { FileSystem } from "../../src/core/file-system.js";
import type { Runtime } from "../../src/core/runtime.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";

/** How a simulated store is kept. */
export interface StoreForm {
  /** `file` unless given. */
  readonly backend?: "file" | "directory";
  readonly durability: "power" | "process" | "interval" | "none";
  readonly compression: "none" | "gzip";
  readonly backupCount: number;
  readonly sizes: StoreSizes;
  readonly readOnly?: boolean;
  readonly salvage?: boolean;
  /** `unguarded` unless given. */
  readonly lock?: StoreLock;
}

export const PLAIN: StoreForm = {
  durability: "power",
  compression: "none",
  backupCount: 1,
  sizes: { segmentBytes: 1024, partBytes: 4096, compactBytes: 4096 },
};

export const FOLDER = "/data";
/** Of a store of the directory backend. */
export const DIRECTORY = `${FOLDER}/store`;
export const PATH = `${FOLDER}/storage.json`;

/** Everybody gets it, and whoever did last holds it: as when a lock file is removed under its owner. */
export function lockOfTheLast(): StoreLock {
  let last: object | undefined;
  return {
    async acquire() {
      const owner = {};
      last = owner;
      return { isHeld: async () => last === owner, release: async () => undefined };
    },
  };
}

/** A crash leaves no owner, and tests open one store at a time. */
export const unguarded: StoreLock = {
  acquire: async () => ({ isHeld: async () => true, release: async () => undefined }),
};

export function simulatedStore(
  fs: FileSystem,
  form: StoreForm,
  runtime: Runtime = new FakeRuntime(),
): Backend {
  const setup: BackendSetup = {
    options: {
      path: form.backend === "directory" ? DIRECTORY : PATH,
      backupCount: form.backupCount,
      readOnly: form.readOnly ?? false,
      salvage: form.salvage ?? false,
    },
    runtime,
    durability: form.durability,
    durabilityIntervalMs: 1000,
    sweepIntervalMs: 0,
    changes: { count: 1000, ageMs: 60_000 },
    operationTimeoutMs: 10_000,
    compression: form.compression,
    warn: () => undefined,
  };
  const surroundings = { fs, lock: form.lock ?? unguarded, sizes: form.sizes };
  return form.backend === "directory"
    ? new DirectoryBackend(setup, surroundings)
    : new FileBackend(setup, surroundings);
}
