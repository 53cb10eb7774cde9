import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { directoryBackend } from "../../src/backends/directory/directory-backend.js";
import { background } from "../../src/core/context.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { MEMORY_FOLDER } from "./memory-folder.js";
import { liveEntries, namesOf } from "./store-content.js";

const ctx = background();

/** The contract suite on the directory backend in a temporary folder; after every case a copy of the files is read. */
export function directoryHarness(form: Partial<BackendSetup> = {}, name = "directory"): SuiteHarness {
  const folders = new WeakMap<Backend, string>();
  const make = (folder: string, conditions: Conditions) => {
    const options = { path: join(folder, "data") };
    const backend = directoryBackend(suiteSetup(conditions, { options, ...form }));
    folders.set(backend, folder);
    return backend;
  };
  const folderOf = (backend: Backend) => folders.get(backend) as string;
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
    create: async (conditions) => make(await mkdtemp(join(MEMORY_FOLDER, "holdfast-")), conditions),
    reopen: async (backend, conditions) => make(folderOf(backend), conditions),
    destroy: (backend) => rm(folderOf(backend), { recursive: true, force: true }),
    checkConsistency: (backend) => checkFiles(backend, folderOf(backend)),
  };
}

/** Of a store with more entries no copy is read: to copy so many files takes longer than the cases themselves. */
const COPIED_ENTRIES = 500;

/** What the files hold is what the store says. */
async function checkFiles(backend: Backend, folder: string): Promise<void> {
  await backend.extensions.flush?.(ctx);
  const report = await backend.extensions.verify?.(ctx);
  assert.deepEqual(report?.problems, []);
  if ((report?.entries ?? 0) > COPIED_ENTRIES) return;
  const path = join(folder, "copy");
  await cp(join(folder, "data"), path, {
    recursive: true,
    filter: (from) => !from.endsWith(".lock"),
  });
  await checkReader(backend, { path: join(folder, "data"), readOnly: true });
  await checkReader(backend, { path });
  await rm(path, { recursive: true });
}

async function checkReader(backend: Backend, options: BackendSetup["options"]): Promise<void> {
  const conditions = { runtime: new FakeRuntime(), changes: { count: 100, ageMs: 1000 }, sweepIntervalMs: 0 };
  const reader = directoryBackend(suiteSetup(conditions, { options }));
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
