import { fileURLToPath } from "node:url";
import { StoragePlugin } from "holdfast";
import { loadHostConfig, PluginRegistry } from "holdfast/plugin";
import { AuditPlugin } from "./audit/audit-plugin.js";
import { CatalogPlugin } from "./catalog/catalog-plugin.js";

const CONFIG = fileURLToPath(new URL("host.yaml", import.meta.url));

export interface Host {
  readonly registry: PluginRegistry;
  readonly storage: StoragePlugin;
}

/**
 * A host of three plugins, configured by host.yaml. They may be registered in any order: the registry starts the storage
 * first, because the others require it.
 */
export async function createHost(dataFolder: string): Promise<Host> {
  const config = await loadHostConfig(CONFIG, { ...process.env, DATA_FOLDER: dataFolder });
  const storage = new StoragePlugin();
  const registry = new PluginRegistry({ config }).register(new AuditPlugin(), new CatalogPlugin(), storage);
  return { registry, storage };
}
