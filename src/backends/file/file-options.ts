import type { BackendSetup } from "../backend.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface FileOptions {
  readonly path: string;
  readonly backupCount: number;
  readonly readOnly: boolean;
  readonly compression: "none" | "gzip";
  readonly durability: "power" | "process" | "interval" | "none";
  /** Whether a commit waits for its frame to be written. */
  readonly waits: boolean;
  /** Whether every frame is synced before the next is written. */
  readonly sync: boolean;
  /** Whether frames may be written while earlier ones are not durable. */
  readonly late: boolean;
  /** Time between two background writes, when there are any. */
  readonly intervalMs: number | undefined;
}

/** @throws TypeError for options that no configuration gives. */
export function fileOptions(setup: BackendSetup): FileOptions {
  const { path, backupCount = 0, readOnly = false } = setup.options;
  if (typeof path !== "string" || path === "")
    throw new TypeError("path of the file backend must be a file's path");
  if (!Number.isSafeInteger(backupCount) || (backupCount as number) < 0) {
    throw new TypeError("backupCount of the file backend must be a whole number, at least 0");
  }
  if (typeof readOnly !== "boolean")
    throw new TypeError("readOnly of the file backend must be true or false");
  const durability = setup.durability ?? "power";
  return {
    path,
    backupCount: backupCount as number,
    readOnly,
    compression: setup.compression,
    durability,
    waits: durability === "power" || durability === "process",
    sync: durability === "power",
    late: durability !== "power",
    intervalMs: durability === "interval" ? setup.durabilityIntervalMs : undefined,
  };
}
