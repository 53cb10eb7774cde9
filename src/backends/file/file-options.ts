import type { BackendSetup } from "../backend.js";
import { absolutePath } from "../files/absolute-path.js";
import { journalOptions, type JournalOptions } from "./journal-options.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface FileOptions extends JournalOptions {
  /** Absolute: the current folder may change. */
  readonly path: string;
  readonly backupCount: number;
  readonly readOnly: boolean;
  /** Reads what can be proven to be whole of a damaged store; implies reading only. */
  readonly salvage: boolean;
  readonly compression: "none" | "gzip";
}

/** @throws TypeError for options that no configuration gives. */
export function fileOptions(setup: BackendSetup): FileOptions {
  const { path, backupCount = 0, readOnly = false, salvage = false } = setup.options;
  if (typeof path !== "string" || path === "")
    throw new TypeError("path of the file backend must be a file's path");
  if (!Number.isSafeInteger(backupCount) || (backupCount as number) < 0) {
    throw new TypeError("backupCount of the file backend must be a whole number, at least 0");
  }
  if (typeof readOnly !== "boolean")
    throw new TypeError("readOnly of the file backend must be true or false");
  if (typeof salvage !== "boolean") throw new TypeError("salvage of the file backend must be true or false");
  return {
    ...journalOptions(setup),
    path: absolutePath(path),
    backupCount: backupCount as number,
    readOnly,
    salvage,
    compression: setup.compression,
  };
}
