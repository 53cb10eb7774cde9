import type { BackendSetup, Durability } from "../backend.js";
import { absolutePath } from "../files/absolute-path.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface LmdbOptions {
  /** The folder; absolute, as the current folder may change. */
  readonly path: string;
  /** The level held when a commit resolves. */
  readonly durability: Durability;
  readonly sync: SyncMode;
  /** Time between two syncs in the background, when there are any. */
  readonly intervalMs: number | undefined;
}

/**
 * What LMDB syncs in a commit. `data`: all but the page that makes the commit count, which the next sync takes along;
 * a power cut may undo the last commit, and the store stays whole. `nothing`: a power cut may damage the store.
 */
export type SyncMode = "all" | "data" | "nothing";

const SYNC = { power: "all", process: "data", interval: "data", none: "nothing" } as const;
const HELD = { power: "power", process: "process", interval: "process", none: "none" } as const;

/** @throws TypeError for options that no configuration gives. */
export function lmdbOptions({
  options,
  durability = "power",
  durabilityIntervalMs,
}: BackendSetup): LmdbOptions {
  const { path } = options;
  if (typeof path !== "string" || path === "")
    throw new TypeError("path of the lmdb backend must be a folder's path");
  return {
    path: absolutePath(path),
    durability: HELD[durability],
    sync: SYNC[durability],
    intervalMs: durability === "interval" ? durabilityIntervalMs : undefined,
  };
}
