import { defaultBackends } from "../backends/registry.js";
import { defaultCodecs } from "../core/codec-registry.js";
import { background, type Context } from "../core/context.js";
import { requireKnownOptions } from "../core/known-options.js";
import type { StorageSettings } from "./settings.js";
import { StoragePlugin } from "./storage-plugin.js";
import type { StoragePluginOptions } from "./storage-plugin-options.js";

export interface OpenStorageOptions extends Omit<StoragePluginOptions, "settings"> {
  /** Bounds the opening. Default: no bound. */
  readonly ctx?: Context;
}

/**
 * Opens a store without a host.
 *
 * @param configuration the keys under `storage:` as an object, or the path of a YAML file that has such a section.
 * @throws ConfigError when the configuration is wrong; StorageError 5001 or 5003 when the store cannot be opened;
 *   TypeError for options that do not exist.
 */
export async function openStorage(
  configuration: StorageSettings | string = {},
  options: OpenStorageOptions = {},
): Promise<StoragePlugin> {
  requireKnownOptions("openStorage", options, ["ctx", "backends", "codecs", "runtime", "id", "warn"]);
  const { ctx = background(), ...rest } = options;
  const plugin = new StoragePlugin({ ...rest, settings: await settingsOf(configuration, options) });
  await plugin.start(ctx);
  return plugin;
}

async function settingsOf(
  configuration: StorageSettings | string,
  { backends = defaultBackends(), codecs = defaultCodecs() }: OpenStorageOptions,
): Promise<StorageSettings> {
  if (typeof configuration !== "string") return configuration;
  const { loadSettings } = await import("./config/load-settings.js");
  return loadSettings(configuration, { backends: backends.names, codecs: codecs.names });
}
