import type { Backend } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { suiteSetup, type SuiteHarness } from "../../src/testing/backend-suite/suite-harness.js";
import { memoryHarness } from "./memory-harness.js";
import { ViewedBackend } from "./viewed-backend.js";

/** Makes the `nth` instance of a store from 0 on: a wrapper around what it is given, or that itself. */
export type Wrap = (view: Backend, nth: number) => Backend;

/** Several instances over one store in memory. It proves the cases for shared backends, and what they catch. */
export function sharedMemoryHarness(wrap: Wrap = (view) => view): SuiteHarness {
  const harness = memoryHarness(memoryBackend, "memory, several instances");
  const stores = new WeakMap<Backend, { readonly viewed: ViewedBackend; instances: number }>();
  const instance = (store: { readonly viewed: ViewedBackend; instances: number }): Backend => {
    const backend = wrap(store.viewed.view(), store.instances);
    store.instances += 1;
    stores.set(backend, store);
    return backend;
  };
  return {
    ...harness,
    capabilities: { ...harness.capabilities, shared: true },
    create: async (conditions) =>
      instance({ viewed: new ViewedBackend(memoryBackend(suiteSetup(conditions))), instances: 0 }),
    share: async (backend) => {
      const store = stores.get(backend);
      if (store === undefined) throw new Error("only what this harness created can be shared");
      return instance(store);
    },
  };
}
