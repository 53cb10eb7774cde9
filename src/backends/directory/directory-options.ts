import { resolve } from "node:path";
import type { BackendSetup } from "../backend.js";
import { journalOptions, type JournalOptions } from "../file/journal-options.js";

/** The backend's section of the configuration, and what follows from the rest of it. */
export interface DirectoryOptions extends JournalOptions {
  /** Absolute. */
  readonly path: string;
  /** Time from a commit to the writing of its files. */
  readonly filingMs: number;
  readonly readOnly: boolean;
}

/** Files are written once their commits are durable; where that costs a sync of its own they come less often. */
const FILING_MS = 50;
const LATE_FILING_MS = 1000;

/** @throws TypeError for options that no configuration gives. */
export function directoryOptions(setup: BackendSetup): DirectoryOptions {
  const { path, readOnly = false } = setup.options;
  if (typeof path !== "string" || path === "")
    throw new TypeError("path of the directory backend must be a folder's path");
  if (typeof readOnly !== "boolean")
    throw new TypeError("readOnly of the directory backend must be true or false");
  const journal = journalOptions(setup);
  return { ...journal, path: resolve(path), filingMs: journal.late ? LATE_FILING_MS : FILING_MS, readOnly };
}
