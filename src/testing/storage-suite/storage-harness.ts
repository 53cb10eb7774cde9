import type { BackendRegistry } from "../../backends/registry.js";
import type { StorageSettings } from "../../plugin/settings.js";

/** How the whole-stack suite gets stores of one configuration. */
export interface StorageHarness {
  /** Stands in the title of the suite. */
  readonly name: string;
  /** `real`: the backend has a clock of its own, as servers do, which no case can move. Default: `fake`. */
  readonly time?: "fake" | "real";
  /** Data outlives `stop`. */
  readonly persistent: boolean;
  /** The most entries the configuration's cache holds; 0: it is turned off. */
  readonly cacheEntries: number;
  /** How the configuration hands cached values out. */
  readonly values: "copy" | "frozen";
  /** The backends the configuration may name. Default: those of this package. */
  readonly backends?: BackendRegistry;
  /** The configuration of a store of its own: empty, not yet open. */
  settings(): Promise<StorageSettings>;
  /** Removes what `settings` made; the store is closed. */
  destroy?(settings: StorageSettings): Promise<void>;
}
