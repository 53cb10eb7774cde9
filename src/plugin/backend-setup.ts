import type { BackendSetup } from "../backends/backend.js";
import type { Runtime } from "../core/runtime.js";
import type { ResolvedSettings } from "./settings.js";

/** What a backend needs to know of the settings. */
export function backendSetup(
  settings: ResolvedSettings,
  runtime: Runtime,
  warn: BackendSetup["warn"],
): BackendSetup {
  const { backendOptions, durability, durabilityIntervalMs, sweepIntervalMs, changes } = settings;
  const { operationTimeoutMs, compression } = settings;
  return {
    options: backendOptions,
    runtime,
    durability,
    durabilityIntervalMs,
    sweepIntervalMs,
    changes,
    operationTimeoutMs,
    compression: compression.files,
    warn,
  };
}
