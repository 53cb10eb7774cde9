import { resolve } from "node:path";
import type { BackendSetup } from "../backend.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface DirectoryOptions {
  /** Absolute. */
  readonly path: string;
  readonly durability: "power" | "process" | "interval" | "none";
  /** Whether a commit waits for its frame to be written. */
  readonly waits: boolean;
  /** Whether every frame is synced before the next is written. */
  readonly sync: boolean;
  /** Whether frames may be written while earlier ones are not durable. */
  readonly late: boolean;
  /** Time between two background writes of the journal, when there are any. */
  readonly intervalMs: number | undefined;
  /** Time from a commit to the writing of its files. */
  readonly filingMs: number;
}

/** Files are written once their commits are durable; where that costs a sync of its own they come less often. */
const FILING_MS = 50;
const LATE_FILING_MS = 1000;

/** @throws TypeError for options that no configuration gives. */
export function directoryOptions(setup: BackendSetup): DirectoryOptions {
  const { path } = setup.options;
  if (typeof path !== "string" || path === "")
    throw new TypeError("path of the directory backend must be a folder's path");
  const durability = setup.durability ?? "power";
  const late = durability !== "power";
  return {
    path: resolve(path),
    durability,
    waits: durability === "power" || durability === "process",
    sync: !late,
    late,
    intervalMs: durability === "interval" ? setup.durabilityIntervalMs : undefined,
    filingMs: late ? LATE_FILING_MS : FILING_MS,
  };
}
