import { background, type StoragePlugin } from "../../src/index.js";

const ctx = background();

/** Everything in a store as its users see it, by namespace and key, without times to live. */
export async function valuesOf(storage: StoragePlugin): Promise<Map<string, Map<string, unknown>>> {
  const found = new Map<string, Map<string, unknown>>();
  for (const name of await storage.listNamespaces(ctx)) {
    found.set(name, await (name === "" ? storage : storage.namespace(name)).find(ctx, "*"));
  }
  return found;
}
