import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import { background } from "../../../src/core/context.js";
import type { StorageFault } from "../../../src/core/errors.js";
import type { Runtime } from "../../../src/core/runtime.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import type { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";
import { FOLDER, PLAIN, simulatedStore, type StoreForm } from "../../crash/simulated-store.js";

export const ctx = background();
let ids = 0;

export async function put(store: Backend, key: string, data = JSON.stringify(key)): Promise<void> {
  const write = { kind: "put", key, type: 1, codec: 1, data, expiry: undefined } as const;
  await store.commit([{ id: `v${++ids}`, ctx, namespace: "", checks: [], ranges: [], writes: [write] }]);
}

export async function get(store: Backend, key: string): Promise<string | Uint8Array | undefined> {
  return (await store.read(ctx, "", [key])).entries[0]?.data;
}

export async function opened(
  fs: SimulatedFileSystem,
  form: StoreForm = PLAIN,
  runtime: Runtime = new FakeRuntime(),
): Promise<Backend> {
  const store = simulatedStore(fs, form, runtime);
  await store.open(ctx);
  return store;
}

export function faultFrom(call: Promise<unknown>): Promise<StorageFault> {
  return call.then(
    () => expect.fail("it must be refused"),
    (error: unknown) => error as StorageFault,
  );
}

export const namesIn = (fs: SimulatedFileSystem) =>
  [...fs.contents().keys()].map((path) => path.slice(FOLDER.length + 1));
export const textOf = (fs: SimulatedFileSystem, path: string) =>
  Buffer.from(fs.contents().get(path) ?? []).toString();
