import { BackendRegistry } from "../../src/backends/registry.js";
import type { StorageHarness } from "../../src/testing/storage-suite.js";
import { SharedMemory } from "../support/shared-memory.js";

let stores = 0;

/** Stores in memory that say that other processes change them too, so that their caches follow the change log. */
export function sharedMemoryHarness(name: string, maxEntries: number): StorageHarness {
  const open = new Map<unknown, SharedMemory>();
  const backends = new BackendRegistry().with("shared", async () => (setup) => {
    const { store } = setup.options;
    const shared = open.get(store) ?? new SharedMemory(setup);
    open.set(store, shared);
    return shared.link();
  });
  return {
    name,
    persistent: true,
    cacheEntries: maxEntries,
    values: "copy",
    backends,
    settings: async () => ({
      backend: "shared",
      cache: { max_entries: maxEntries },
      shared: { store: (stores += 1) },
    }),
    destroy: async ({ shared }) => {
      const { store } = shared as { store: number };
      await open.get(store)?.close();
      open.delete(store);
    },
  };
}
