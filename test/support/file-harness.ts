import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { fileBackend } from "../../src/backends/file/file-backend.js";
import { background } from "../../src/core/context.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { liveEntries, namesOf } from "./store-content.js";
import { MEMORY_FOLDER } from "./memory-folder.js";

const ctx = background();

/** The contract suite on the file backend in a temporary folder; after every case the files are read back. */
export function fileHarness(form: Partial<BackendSetup> = {}, name = "file"): SuiteHarness {
  const paths = new WeakMap<Backend, string>();
  const make = (path: string, conditions: Conditions) => {
    const backend = fileBackend(suiteSetup(conditions, { options: { path, backupCount: 1 }, ...form }));
    paths.set(backend, path);
    return backend;
  };
  const pathOf = (backend: Backend) => paths.get(backend) as string;
  return {
    name,
    time: "fake",
    capabilities: {
      persistent: true,
      shared: false,
      groupCommit: true,
      compact: true,
      verify: true,
      flush: true,
      files: true,
      reportsExpired: true,
    },
    async create(conditions) {
      return make(join(await mkdtemp(join(MEMORY_FOLDER, "holdfast-")), "storage.json"), conditions);
    },
    reopen: async (backend, conditions) => make(pathOf(backend), conditions),
    destroy: (backend) => rm(dirname(pathOf(backend)), { recursive: true, force: true }),
    checkConsistency: (backend) => checkFiles(backend, pathOf(backend)),
  };
}

/** What the files hold is what the store says. */
async function checkFiles(backend: Backend, path: string): Promise<void> {
  await backend.extensions.flush?.(ctx);
  assert.deepEqual((await backend.extensions.verify?.(ctx))?.problems, []);
  const conditions = { runtime: new FakeRuntime(), changes: { count: 100, ageMs: 1000 }, sweepIntervalMs: 0 };
  const reader = fileBackend(suiteSetup(conditions, { options: { path, readOnly: true } }));
  await reader.open(ctx);
  const names = await namesOf(backend);
  assert.deepEqual(await namesOf(reader), names);
  for (const name of names) {
    const { position } = await backend.read(ctx, name, []);
    assert.deepEqual((await reader.read(ctx, name, [])).position, position);
    assert.deepEqual(await liveEntries(reader, name, backend), await liveEntries(backend, name, backend));
  }
  await reader.close(ctx);
}
