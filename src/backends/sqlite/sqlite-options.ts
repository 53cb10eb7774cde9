import type { BackendSetup, Durability } from "../backend.js";
import { absolutePath } from "../files/absolute-path.js";
import { IN_MEMORY } from "./sqlite-database.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface SqliteOptions {
  /** The file, or `:memory:`. Absolute: the current folder may change, and SQLite takes what begins with `file:` for a URI. */
  readonly path: string;
  readonly isFile: boolean;
  /** What stands in `PRAGMA synchronous`. */
  readonly synchronous: "FULL" | "NORMAL" | "OFF";
  /** The driver to use; undefined: the first that can be used. */
  readonly library: string | undefined;
  /** The level held when a commit resolves. */
  readonly held: Durability;
  /** Whether commits wait for nothing to be durable, so that `flush` has something to do. */
  readonly flushes: boolean;
  /** Time between two flushes in the background; undefined when there are none. */
  readonly intervalMs: number | undefined;
}

/**
 * FULL syncs the log at every commit, NORMAL before and after it is copied into the file. OFF, which never does, is for memory
 * alone: after a power cut a file might be damaged as a whole, and a later flush could not make up for it.
 */
const SYNCHRONOUS = { power: "FULL", process: "NORMAL", interval: "NORMAL", none: "NORMAL" } as const;

/** @throws TypeError for options that no configuration gives. */
export function sqliteOptions(setup: BackendSetup): SqliteOptions {
  const { path, library } = setup.options;
  if (path !== undefined && (typeof path !== "string" || path === ""))
    throw new TypeError("path of the sqlite backend must be a file's path, or left out");
  if (library !== undefined && typeof library !== "string")
    throw new TypeError("library of the sqlite backend must be a driver's name, or left out");
  const durability = setup.durability ?? "power";
  const isFile = path !== undefined && path !== IN_MEMORY;
  return {
    path: isFile ? absolutePath(path) : IN_MEMORY,
    isFile,
    library,
    synchronous: isFile ? SYNCHRONOUS[durability] : "OFF",
    held: heldLevel(isFile, durability),
    flushes: isFile && durability !== "power",
    intervalMs: isFile && durability === "interval" ? setup.durabilityIntervalMs : undefined,
  };
}

/** What was handed to the system survives the process, whether or not it was synced. */
function heldLevel(isFile: boolean, durability: NonNullable<BackendSetup["durability"]>): Durability {
  if (!isFile) return "none";
  return durability === "power" ? "power" : "process";
}
