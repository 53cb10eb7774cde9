import type { ConfigSection } from "../plugin.js";
import type { StorageSettings } from "../settings.js";
import { ConfigError } from "./config-error.js";
import type { Environment } from "./environment.js";
import { loadHostConfig } from "./host-config.js";
import { didYouMean } from "./nearest-name.js";
import { readKeys } from "./read-keys.js";
import { resolveSettings, type ResolveOptions } from "./resolve-settings.js";

/**
 * The settings of a store from the `storage:` section of a YAML file, checked; other sections belong to other
 * plugins and are left alone. Relative paths in them start at the current folder, not at the file.
 *
 * @throws ConfigError listing everything that is wrong, as `file:line:col path: what, what to do`.
 */
export async function loadSettings(
  yamlPath: string,
  options: ResolveOptions & { readonly environment?: Environment } = {},
): Promise<StorageSettings> {
  const section = await loadSection(yamlPath, options.environment);
  const { encryption } = resolveSettings(section, options);
  readKeys(encryption, section, options.environment);
  return (section.value ?? {}) as StorageSettings;
}

/**
 * The `storage:` section of a YAML file, its options not looked at.
 *
 * @throws ConfigError when the file cannot be read, is no YAML, or has no such section.
 */
export async function loadSection(yamlPath: string, environment?: Environment): Promise<ConfigSection> {
  const config = await loadHostConfig(yamlPath, environment, "storage");
  if (config.names.includes("storage")) return config.section("storage");
  const message = `no such section${didYouMean("storage", config.names) || "; add it, with the backend below it"}`;
  throw new ConfigError([{ where: `${yamlPath}:1:1`, path: "storage", message }]);
}
