export { ConfigError, type ConfigProblem } from "./config/config-error.js";
export { hostConfig, loadHostConfig, type HostConfig } from "./config/host-config.js";
export { inject, injectable, token, type InjectionToken } from "./di.js";
export type { HostHealth } from "./host-health.js";
export type { PhaseTimeouts } from "./phase-timeouts.js";
export { PluginError, type PluginErrorReason } from "./plugin-error.js";
export type { PluginEventMap, PluginEventName, PluginEvents } from "./plugin-events.js";
export { PluginRegistry, type RegistryOptions } from "./plugin-registry.js";
export { STATE_TABLE, type PluginState, type PluginTransition } from "./plugin-state.js";
export type {
  ConfigSection,
  Constructable,
  Health,
  HealthStatus,
  Metric,
  Plugin,
  PluginHost,
  ReconfigureOutcome,
  Requirement,
} from "./plugin.js";
export { ROOT_STORAGE, STORAGE } from "./storage-tokens.js";
