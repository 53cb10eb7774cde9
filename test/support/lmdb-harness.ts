import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { lmdbBackend } from "../../src/backends/lmdb/lmdb-backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { MEMORY_FOLDER } from "./memory-folder.js";

/** The contract suite on the lmdb backend in a temporary folder. */
export function lmdbHarness(form: Partial<BackendSetup> = {}, name = "lmdb"): SuiteHarness {
  const paths = new WeakMap<Backend, string>();
  const make = (path: string, conditions: Conditions) => {
    const backend = lmdbBackend(suiteSetup(conditions, { options: { path }, ...form }));
    paths.set(backend, path);
    return backend;
  };
  const pathOf = (backend: Backend) => paths.get(backend) as string;
  return {
    name,
    time: "fake",
    capabilities: {
      persistent: true,
      shared: true,
      groupCommit: true,
      compact: true,
      verify: true,
      flush: true,
      files: true,
      reportsExpired: true,
    },
    create: async (conditions) => make(await mkdtemp(join(MEMORY_FOLDER, "holdfast-lmdb-")), conditions),
    reopen: async (backend, conditions) => make(pathOf(backend), conditions),
    share: async (backend, conditions) => make(pathOf(backend), conditions),
    destroy: (backend) => rm(pathOf(backend), { recursive: true, force: true }),
  };
}
