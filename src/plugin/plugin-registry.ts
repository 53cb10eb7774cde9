import { isDeepStrictEqual } from "node:util";
import { backgroundOn, withCancel, type Cancel, type Context } from "../core/context.js";
import { quoteName } from "../core/errors.js";
import { requireKnownOptions } from "../core/known-options.js";
import { systemRuntime, type Runtime } from "../core/runtime.js";
import { ConfigError } from "./config/config-error.js";
import { hostConfig, type HostConfig } from "./config/host-config.js";
import { didYouMean } from "./config/nearest-name.js";
import { HostContainer } from "./di.js";
import { hostHealth, type HostHealth } from "./host-health.js";
import type { Constructable, Metric, Plugin, ReconfigureOutcome } from "./plugin.js";
import { allOf, messageOf, PluginError } from "./plugin-error.js";
import { parseTimeouts, type PhaseTimeouts, type PhaseTimeoutsMs } from "./phase-timeouts.js";
import { PluginEventEmitter, type PluginEvents } from "./plugin-events.js";
import { PluginLifecycle, within } from "./plugin-lifecycle.js";
import { startWaves, visibleTokens } from "./plugin-order.js";
import { PluginScope } from "./plugin-scope.js";
import type { PluginState } from "./plugin-state.js";
import { runDown, runUp, type Waves } from "./plugin-waves.js";
import { handleSignals } from "./signals.js";
import type { InjectionToken } from "./token.js";

export interface RegistryOptions {
  /** From `loadHostConfig` or `hostConfig`; without it every plugin runs on its defaults. */
  readonly config?: HostConfig;
  readonly timeouts?: PhaseTimeouts;
  readonly runtime?: Pick<Runtime, "clock" | "timers">;
}

const PLUGIN_ID = /^[A-Za-z0-9@][\w.@/-]{0,127}$/;

/** What every plugin has. */
const CALLS = ["init", "start", "stop"] as const;

/** `reconfiguring` and then `started` again, whatever comes of it. */
type HostState = "idle" | "starting" | "started" | "reconfiguring" | "stopping";

const RESTING: ReadonlySet<HostState> = new Set<HostState>(["idle", "started"]);

/**
 * The plugins of a host application: starts them in the order of their dependencies, independent ones at the same time,
 * and stops them in reverse. A host that did not start completely is stopped completely.
 */
export class PluginRegistry implements AsyncDisposable {
  readonly #events = new PluginEventEmitter();
  readonly #plugins = new Map<string, PluginLifecycle>();
  readonly #timeouts: PhaseTimeoutsMs;
  readonly #background: Context;
  #config: HostConfig;
  #container = new HostContainer();
  #waves: Waves = [];
  /** What each plugin was last given. */
  readonly #sections = new Map<string, unknown>();
  #state: HostState = "idle";
  /** Ends the start under way. */
  #cancelStart: Cancel = () => undefined;
  /** Settles, never rejecting, when what is under way has ended. */
  #settled: Promise<unknown> = Promise.resolve();

  /** @throws TypeError for options that do not exist, and for a time limit that is no duration above 0. */
  constructor(options: RegistryOptions = {}) {
    requireKnownOptions("PluginRegistry", options, ["config", "timeouts", "runtime"]);
    this.#config = options.config ?? hostConfig({});
    this.#timeouts = parseTimeouts(options.timeouts ?? {});
    this.#background = backgroundOn(options.runtime ?? systemRuntime);
  }

  /** Where to listen for changes of state, failures and warnings. */
  get events(): PluginEvents {
    return this.#events;
  }

  /** Where each plugin stands, in the order of registration. */
  get states(): ReadonlyMap<string, PluginState> {
    return new Map([...this.#plugins].map(([id, { state }]) => [id, state]));
  }

  /**
   * Adds plugins. Only while the host does not run.
   *
   * @throws PluginError `duplicate` when there is one of this id, `misuse` when the id is no id or the host runs;
   *   TypeError for what is no plugin.
   */
  register(...plugins: readonly Plugin[]): this {
    this.#require("idle", "register a plugin");
    for (const plugin of plugins) {
      requirePlugin(plugin);
      requireId(plugin.id);
      if (this.#plugins.has(plugin.id)) {
        const message = `a plugin ${quoteName(plugin.id)} is registered already; give one of them another id`;
        throw new PluginError("duplicate", message, { plugin: plugin.id });
      }
      this.#plugins.set(plugin.id, new PluginLifecycle(plugin, this.#events));
    }
    return this;
  }

  /**
   * Initialises all plugins, then starts them, each phase in dependency order. When one fails, those beside it are
   * waited for, everything is stopped again in reverse, and the call rejects.
   *
   * @throws PluginError for requirements that cannot be met, ConfigError for sections that belong to no plugin; then
   *   nothing was called. Otherwise an AggregateError of everything that failed, first what made the start fail.
   */
  async start(ctx: Context): Promise<void> {
    this.#require("idle", "start");
    this.#refuseStraySections(this.#config);
    const lifecycles = [...this.#plugins.values()];
    const byPlugin = new Map(lifecycles.map((lifecycle) => [lifecycle.plugin, lifecycle]));
    const waves = startWaves([...byPlugin.keys()]);
    this.#waves = waves.map((wave) => wave.map((plugin) => byPlugin.get(plugin) as PluginLifecycle));
    const [starting, cancel] = withCancel(ctx);
    this.#cancelStart = cancel;
    this.#state = "starting";
    await this.#tracked(this.#bringUp(starting).finally(cancel));
  }

  /**
   * Stops everything in reverse order. Every plugin is tried, whatever happens to the others; a start under way is
   * ended first, a reconfiguration waited for. Nothing to do when the host does not run.
   *
   * @throws AggregateError of everything that failed. What failed to stop is stopped again by the next call.
   */
  async stop(ctx: Context): Promise<void> {
    this.#cancelStart();
    while (!RESTING.has(this.#state)) await this.#settled;
    this.#state = "stopping";
    await this.#tracked(this.#bringDown(ctx));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(this.#background);
  }

  /** How the host is doing: as badly as its worst plugin. Never rejects. */
  async health(ctx: Context): Promise<HostHealth> {
    return hostHealth(ctx, [...this.#plugins.values()], this.#timeouts.health);
  }

  /** The figures of every plugin that has some. */
  metrics(): ReadonlyMap<string, readonly Metric[]> {
    const started = [...this.#plugins.values()].filter(({ state }) => state === "started");
    return new Map(started.map(({ plugin }) => [plugin.id, plugin.metrics?.() ?? []]));
  }

  /**
   * Gives each plugin whose section differs the new one. A plugin that cannot change while running, or cannot change
   * this, answers `restart-required` and goes on as before.
   *
   * @throws ConfigError when a section belongs to no plugin; AggregateError when plugins refused their section, or took
   *   longer than they may for a start: those go on as before, the others have changed.
   */
  async reconfigure(
    ctx: Context,
    config: HostConfig,
  ): Promise<ReadonlyMap<string, ReconfigureOutcome | "unchanged">> {
    this.#require("started", "reconfigure");
    this.#refuseStraySections(config);
    this.#state = "reconfiguring";
    return this.#tracked(this.#reconfigureAll(ctx, config));
  }

  /**
   * What a token stands for, or a new object of a class with its dependencies injected.
   *
   * @throws PluginError `missing` when no plugin has provided it.
   */
  resolve<T>(wanted: InjectionToken<T> | Constructable<T>): T {
    return this.#container.resolve(wanted);
  }

  /**
   * Stops the host on SIGINT and SIGTERM and ends the process with 130 or 143; a second signal ends it at once.
   *
   * @returns a function that takes the handlers away again.
   */
  handleSignals(): () => void {
    return handleSignals(() => this.stop(this.#background));
  }

  async #bringUp(ctx: Context): Promise<void> {
    this.#container = new HostContainer();
    const plugins = this.#waves.flat().map(({ plugin }) => plugin);
    for (const plugin of plugins) this.#container.addPlugin(plugin.id, visibleTokens(plugin, plugins));
    const { init, start } = this.#timeouts;
    let errors = await runUp(this.#waves, "init", ctx, init, (one, bounded) =>
      this.#init(one.plugin, bounded),
    );
    if (errors.length === 0) {
      errors = await runUp(this.#waves, "start", ctx, start, (one, bounded) => one.plugin.start(bounded));
    }
    if (errors.length > 0) {
      const more = await runDown(this.#waves, this.#background, this.#timeouts.stop);
      this.#state = "idle";
      throw allOf("the host did not start", [...errors, ...more]);
    }
    this.#state = "started";
  }

  async #init(plugin: Plugin, ctx: Context): Promise<void> {
    const scope = new PluginScope(plugin, this.#config, this.#container, this.#events);
    this.#sections.set(plugin.id, scope.config.value);
    await plugin.init(ctx, scope);
    scope.requireComplete();
  }

  async #bringDown(ctx: Context): Promise<void> {
    const errors = await runDown(this.#waves, ctx, this.#timeouts.stop);
    this.#state = "idle";
    if (errors.length > 0) throw allOf("the host did not stop cleanly", errors);
  }

  /** Lets later calls wait for this one, whatever comes of it. */
  #tracked<T>(work: Promise<T>): Promise<T> {
    this.#settled = work.catch(() => undefined);
    return work;
  }

  async #reconfigureAll(
    ctx: Context,
    config: HostConfig,
  ): Promise<ReadonlyMap<string, ReconfigureOutcome | "unchanged">> {
    const outcomes = new Map<string, ReconfigureOutcome | "unchanged">();
    const errors: PluginError[] = [];
    for (const { plugin } of this.#waves.flat()) {
      try {
        outcomes.set(plugin.id, await this.#reconfigureOne(ctx, plugin, config));
      } catch (cause) {
        errors.push(refusedSection(plugin.id, cause));
      }
    }
    this.#state = "started";
    if (errors.length > 0) throw allOf("the host was not reconfigured completely", errors);
    this.#config = config;
    return outcomes;
  }

  async #reconfigureOne(
    ctx: Context,
    plugin: Plugin,
    config: HostConfig,
  ): Promise<ReconfigureOutcome | "unchanged"> {
    const section = config.section(plugin.id);
    if (isDeepStrictEqual(section.value, this.#sections.get(plugin.id))) return "unchanged";
    const outcome = await within(
      ctx,
      this.#timeouts.start,
      async (bounded) => (await plugin.reconfigure?.(bounded, section)) ?? "restart-required",
    );
    if (outcome === "applied") this.#sections.set(plugin.id, section.value);
    return outcome;
  }

  #require(state: HostState, call: string): void {
    if (this.#state === state) return;
    throw new PluginError("misuse", `cannot ${call} while the host is ${this.#state}; it must be ${state}`);
  }

  #refuseStraySections(config: HostConfig): void {
    const stray = config.names.filter((name) => !this.#plugins.has(name));
    if (stray.length === 0) return;
    throw new ConfigError(
      stray.map((name) => {
        const where = config.section(name).locate([]);
        const advice =
          didYouMean(name, this.#plugins.keys()) || "; register the plugin, or remove the section";
        return {
          ...(where !== undefined && { where }),
          path: name,
          message: `no plugin has this id${advice}`,
        };
      }),
    );
  }
}

function requirePlugin(plugin: unknown): asserts plugin is Plugin {
  if (typeof plugin !== "object" || plugin === null)
    throw new TypeError("register takes plugins, each an object with id, version, init, start and stop");
  const { id } = plugin as Partial<Plugin>;
  const missing = CALLS.find((call) => typeof (plugin as Partial<Plugin>)[call] !== "function");
  if (missing === undefined) return;
  const named = typeof id === "string" ? `plugin ${quoteName(id)}` : "a plugin";
  throw new TypeError(
    `${named} has no ${missing}(); a plugin has ${CALLS.join(", ")}, even where they do nothing`,
  );
}

function requireId(id: string): void {
  if (typeof id !== "string") throw new TypeError("the id of a plugin must be a string");
  if (PLUGIN_ID.test(id)) return;
  const rules = "give 1 to 128 letters, digits and . _ - @ /, the first a letter, a digit or @";
  throw new PluginError("misuse", `${quoteName(id)} is no id for a plugin; ${rules}`);
}

function refusedSection(id: string, cause: unknown): PluginError {
  const message = `plugin ${quoteName(id)} refused its new section: ${messageOf(cause)}`;
  return new PluginError("failed", message, { plugin: id, cause });
}
