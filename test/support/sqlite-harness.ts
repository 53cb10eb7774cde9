import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { sqliteBackend } from "../../src/backends/sqlite/sqlite-backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { MEMORY_FOLDER } from "./memory-folder.js";

/** The contract suite on the sqlite backend with a file in a temporary folder. @param library the driver. */
export function sqliteHarness(
  library: string,
  form: Partial<BackendSetup> = {},
  name = `sqlite, ${library}`,
): SuiteHarness {
  const paths = new WeakMap<Backend, string>();
  const make = (path: string, conditions: Conditions) => {
    const backend = sqliteBackend(suiteSetup(conditions, { options: { path, library }, ...form }));
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
    create: async (conditions) =>
      make(join(await mkdtemp(join(MEMORY_FOLDER, "holdfast-sqlite-")), "store.db"), conditions),
    reopen: async (backend, conditions) => make(pathOf(backend), conditions),
    share: async (backend, conditions) => make(pathOf(backend), conditions),
    destroy: (backend) => rm(dirname(pathOf(backend)), { recursive: true, force: true }),
  };
}

/** The contract suite on the sqlite backend without a file. */
export function sqliteInMemoryHarness(library: string): SuiteHarness {
  return {
    name: `sqlite, ${library}, in memory`,
    time: "fake",
    capabilities: {
      persistent: false,
      shared: false,
      groupCommit: true,
      compact: false,
      verify: false,
      flush: false,
      files: false,
      reportsExpired: true,
    },
    create: async (conditions) => sqliteBackend(suiteSetup(conditions, { options: { library } })),
  };
}
