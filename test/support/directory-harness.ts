import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
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
import { liveEntries, namesOf } from "./store-content.js";

const ctx = background();

/** In memory where the system has such a folder: these cases are about the contract, not about disks. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

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
    },
    create: async (conditions) => make(await mkdtemp(join(FOLDER, "holdfast-")), conditions),
    reopen: async (backend, conditions) => make(folderOf(backend), conditions),
    destroy: (backend) => rm(folderOf(backend), { recursive: true, force: true }),
    checkConsistency: (backend) => checkFiles(backend, folderOf(backend)),
  };
}

/** What the files hold is what the store says. */
async function checkFiles(backend: Backend, folder: string): Promise<void> {
  await backend.extensions.flush?.(ctx);
  assert.deepEqual((await backend.extensions.verify?.(ctx))?.problems, []);
  const path = join(folder, "copy");
  await cp(join(folder, "data"), path, {
    recursive: true,
    filter: (from) => !from.endsWith(".lock"),
  });
  const conditions = { runtime: new FakeRuntime(), changes: { count: 100, ageMs: 1000 }, sweepIntervalMs: 0 };
  const reader = directoryBackend(suiteSetup(conditions, { options: { path } }));
  await reader.open(ctx);
  const names = await namesOf(backend);
  assert.deepEqual(await namesOf(reader), names);
  for (const name of names) {
    const { position } = await backend.read(ctx, name, []);
    assert.deepEqual((await reader.read(ctx, name, [])).position, position);
    assert.deepEqual(await liveEntries(reader, name, backend), await liveEntries(backend, name, backend));
  }
  await reader.close(ctx);
  await rm(path, { recursive: true });
}
