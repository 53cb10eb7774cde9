import { quoteName } from "../core/errors.js";
import { didYouMean } from "./config/nearest-name.js";
import type { Plugin } from "./plugin.js";
import { allOf, PluginError } from "./plugin-error.js";
import { tokenName, type InjectionToken } from "./token.js";

/** The part of a plugin that decides when it starts. */
export type PluginDependencies = Pick<Plugin, "id" | "requires" | "provides">;

/**
 * Plugins in waves: everything a plugin requires stands in an earlier wave, and as early as possible; within a wave the
 * order is the one given. So the plugins of one wave are independent of each other.
 *
 * @throws PluginError `missing`, `duplicate` or `cycle`; an AggregateError when several requirements are missing.
 */
export function startWaves<P extends PluginDependencies>(plugins: readonly P[]): readonly (readonly P[])[] {
  const requirements = requirementsOf(plugins);
  refuseCycles(requirements);
  const waves: P[][] = [];
  const waveOf = new Map<string, number>();
  const place = (id: string): number => {
    const known = waveOf.get(id);
    if (known !== undefined) return known;
    const wave = 1 + Math.max(-1, ...(requirements.get(id) ?? []).map(place));
    waveOf.set(id, wave);
    return wave;
  };
  for (const plugin of plugins) (waves[place(plugin.id)] ??= []).push(plugin);
  return waves;
}

/** The tokens a plugin may resolve: those it requires or provides, and all those of the plugins it requires by id. */
export function visibleTokens(
  plugin: PluginDependencies,
  plugins: readonly PluginDependencies[],
): ReadonlySet<InjectionToken<unknown>> {
  const byId = new Map(plugins.map((other) => [other.id, other]));
  const required = (plugin.requires ?? []).flatMap((requirement) =>
    typeof requirement === "string" ? (byId.get(requirement)?.provides ?? []) : [requirement],
  );
  return new Set([...required, ...(plugin.provides ?? [])]);
}

/** For each plugin the ids of those it requires. */
function requirementsOf(plugins: readonly PluginDependencies[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Set(plugins.map(({ id }) => id));
  const providers = providersOf(plugins);
  const missing: PluginError[] = [];
  const requirements = new Map<string, readonly string[]>();
  for (const { id, requires = [] } of plugins) {
    const found = requires.map((requirement) => {
      const provider = typeof requirement === "string" ? requirement : providers.get(requirement);
      if (provider !== undefined && ids.has(provider)) return provider;
      missing.push(missingRequirement(id, requirement, ids));
      return undefined;
    });
    requirements.set(id, [...new Set(found.filter((one) => one !== undefined))]);
  }
  if (missing.length > 1) throw allOf("requirements are missing", missing);
  if (missing[0] !== undefined) throw missing[0];
  return requirements;
}

function providersOf(plugins: readonly PluginDependencies[]): ReadonlyMap<InjectionToken<unknown>, string> {
  const providers = new Map<InjectionToken<unknown>, string>();
  for (const { id, provides = [] } of plugins) {
    for (const token of provides) {
      const other = providers.get(token);
      if (other !== undefined) throw providedTwice(token, other, id);
      providers.set(token, id);
    }
  }
  return providers;
}

function providedTwice(token: InjectionToken<unknown>, first: string, second: string): PluginError {
  const message =
    first === second
      ? `plugin ${quoteName(first)} names ${tokenName(token)} twice in provides; name it once`
      : `${tokenName(token)} is provided by both ${quoteName(first)} and ${quoteName(second)}; register one of them`;
  return new PluginError("duplicate", message, { plugin: second });
}

function missingRequirement(
  id: string,
  requirement: string | InjectionToken<unknown>,
  ids: ReadonlySet<string>,
): PluginError {
  const message =
    typeof requirement === "string"
      ? `plugin ${quoteName(id)} requires plugin ${quoteName(requirement)}, which is not registered` +
        (didYouMean(requirement, ids) || "; register it")
      : `plugin ${quoteName(id)} requires ${tokenName(requirement)}, which no plugin provides; register one that does`;
  return new PluginError("missing", message, { plugin: id });
}

/** Walks depth first; meeting a plugin that is still on the way there closes a cycle. */
function refuseCycles(requirements: ReadonlyMap<string, readonly string[]>): void {
  const path: string[] = [];
  const done = new Set<string>();
  const walk = (id: string): void => {
    if (done.has(id)) return;
    const start = path.indexOf(id);
    if (start !== -1) throw cycleError([...path.slice(start), id]);
    path.push(id);
    for (const required of requirements.get(id) ?? []) walk(required);
    path.pop();
    done.add(id);
  };
  for (const id of requirements.keys()) walk(id);
}

function cycleError(path: readonly string[]): PluginError {
  const message = `plugins require each other: ${path.join(" -> ")}; drop one of these requirements`;
  return new PluginError("cycle", message, { plugin: path[0] as string });
}
