import type { BackendRegistry } from "../backends/registry.js";
import type { CodecRegistry } from "../core/codec-registry.js";
import type { Runtime } from "../core/runtime.js";
import type { WarningDetails } from "./process-warning.js";
import type { StorageSettings } from "./settings.js";

export interface StoragePluginOptions {
  /** Used when the host has no `storage:` section. Default: a store in memory. */
  readonly settings?: StorageSettings;
  /** The backends that the configuration may name. Default: those of this package. */
  readonly backends?: BackendRegistry;
  /** The codecs that the configuration may name, all of which can read what they wrote. Default: those of this package. */
  readonly codecs?: CodecRegistry;
  /** Clock, timers and random; for tests. */
  readonly runtime?: Runtime;
  /** Default `"storage"`; also the name of its section of the configuration. */
  readonly id?: string;
  /**
   * Told about what is no call's error, with the failure as `error`, a `file` and the like among the details. Default:
   * `process.emitWarning`, with those as its `detail`.
   */
  readonly warn?: (message: string, details?: WarningDetails) => void;
}
