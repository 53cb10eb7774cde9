import type { Context } from "../core/context.js";
import type { PluginEvents } from "./plugin-events.js";
import type { InjectionToken } from "./token.js";

/**
 * A part of a host application. The registry calls `init` of every plugin in dependency order, then `start` in the
 * same order, and `stop` in reverse. Calls of one plugin never overlap, except `health` and `metrics`.
 */
export interface Plugin {
  /** Unique in a host: letters, digits and `. _ - @ /`; names the plugin's section of the configuration. */
  readonly id: string;
  readonly version: string;
  /** What must be there first: ids of plugins, and tokens that some plugin provides. */
  readonly requires?: readonly Requirement[];
  /** The tokens this plugin hands to the host during `init`. Each token has one provider. */
  readonly provides?: readonly InjectionToken<unknown>[];

  /**
   * Reads the configuration, hands over what this plugin provides and takes what it requires, without touching
   * anything outside: what was taken may be kept, but works only from `start` on. Rejects when the configuration is
   * wrong.
   */
  init(ctx: Context, host: PluginHost): Promise<void>;

  /** Begins work. Everything required has started. Rejects when it cannot; the host then stops again. */
  start(ctx: Context): Promise<void>;

  /**
   * Ends work and lets everything go. Called once `init` was called, whether `init` and `start` succeeded, failed or
   * were given up on; a second call does nothing. Everything that requires this plugin has stopped.
   */
  stop(ctx: Context): Promise<void>;

  /** How it is doing. A rejection counts as `down`. A plugin without it is `up` while it is started. */
  health?(ctx: Context): Promise<Health>;

  /**
   * Takes a changed section of the configuration while running. Answers `restart-required`, having changed nothing,
   * when some difference cannot be applied; rejects, having changed nothing, when the section is wrong.
   */
  reconfigure?(ctx: Context, config: ConfigSection): Promise<ReconfigureOutcome>;

  /** What to publish to a monitoring system, read now. Never waits, never throws. */
  metrics?(): readonly Metric[];
}

/** The id of a plugin, or a token that a plugin provides. */
export type Requirement = string | InjectionToken<unknown>;

export type ReconfigureOutcome = "applied" | "restart-required";

/** A class that the container can construct: its parameters carry `@inject(TOKEN)`. */
export type Constructable<T> = new (...parameters: never[]) => T;

/** What the registry gives a plugin, valid from `init` until `stop` has ended. */
export interface PluginHost {
  /** The plugin's own section of the configuration. */
  readonly config: ConfigSection;
  /** What happens to the plugins of this host. */
  readonly events: PluginEvents;
  /**
   * What a token stands for in this plugin's container, or a new object of a class with its dependencies injected.
   *
   * @throws PluginError when nothing provides the token.
   */
  resolve<T>(wanted: InjectionToken<T> | Constructable<T>): T;
  /** Hands over what one of this plugin's `provides` stands for: the same value for every plugin. */
  provide<T>(token: InjectionToken<T>, value: T): void;
  /** As `provide`, but a value of its own for each plugin, made from its id when it is first resolved. */
  provideEach<T>(token: InjectionToken<T>, valueFor: (pluginId: string) => T): void;
  /** Reports something that is no call's error. */
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** A part of the configuration, and where it was written. */
export interface ConfigSection {
  /** As written, environment variables filled in; undefined when the configuration has no such section. */
  readonly value: unknown;
  /**
   * Where a part of it was written, as `file:line:col`; undefined when it was not read from a file. A path that is
   * not there gives the place of its nearest parent.
   */
  locate(path: readonly (string | number)[]): string | undefined;
}

/** Worst last. */
export const HEALTH_STATUSES = ["up", "degraded", "down"] as const;

export type HealthStatus = (typeof HEALTH_STATUSES)[number];

export interface Health {
  readonly status: HealthStatus;
  /** What is wrong, for a person. */
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One figure. Labels never hold keys or values of users. */
export interface Metric {
  /** In the manner of Prometheus: `holdfast_cache_hits_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}
