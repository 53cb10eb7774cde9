import type { ConfigSection } from "../plugin.js";
import { ConfigError } from "./config-error.js";
import type { Environment } from "./environment.js";
import { isMapping } from "./mapping.js";
import { readYamlFile } from "./yaml-file.js";

/** The configuration of a host: one section for each plugin, under the plugin's id. */
export interface HostConfig {
  /** The names of the sections there are. */
  readonly names: readonly string[];
  /** The section of a plugin; its value is undefined when there is none. */
  section(pluginId: string): ConfigSection;
}

/**
 * Reads the configuration of a host from a YAML file: a mapping from plugin ids to whatever the plugins want, with
 * `storage:` for the storage plugin. `${NAME}` and `${NAME:-default}` are filled in from the environment.
 *
 * @param section the only one that is wanted; variables that are not set may stand in the others.
 * @throws ConfigError when it cannot be read or is no mapping.
 */
export async function loadHostConfig(
  yamlPath: string,
  environment: Environment = process.env,
  section?: string,
): Promise<HostConfig> {
  const file = await readYamlFile(yamlPath, environment, section);
  const sections = file.value ?? {};
  if (!isMapping(sections)) {
    throw new ConfigError([
      { where: file.locate([]), path: "", message: "not a mapping; give one section per plugin" },
    ]);
  }
  return { names: Object.keys(sections), section: (id) => file.section(id) };
}

/** The configuration of a host given as an object, as it would stand in YAML. */
export function hostConfig(sections: Readonly<Record<string, unknown>>): HostConfig {
  return {
    names: Object.keys(sections),
    section: (id) => ({
      value: Object.hasOwn(sections, id) ? sections[id] : undefined,
      locate: () => undefined,
    }),
  };
}
