import { requireKnownOptions } from "../../core/known-options.js";
import { requireProgress, type OnProgress } from "../progress-teller.js";
import { requireKeys, type GivenKeys } from "./backup-keys.js";
import type { NamespaceSource } from "./backup-manifest.js";

export interface BackupOptions {
  /**
   * The folder of an earlier backup of the same store, beside the target: only what changed since is written, and both
   * are needed to restore. Absent: everything is written.
   */
  readonly base?: string;
  /** `gzip` compresses the files. Default `none`: they are read with any tool. */
  readonly compression?: "none" | "gzip";
  /**
   * Encrypts the files (AES-256-GCM), names of keys and namespaces included: with keys given here, or `true` with that of
   * the store's configuration (`backup.key`, else the active one of `encryption`). The keys given open the base too, beside
   * those of the store. Absent: what is not stored encrypted can be read in the files; a base must not be encrypted then.
   */
  readonly encryption?: true | GivenKeys;
  /**
   * Told how far the backup is, at most every 200 ms and once at the end; awaited before it goes on. What it throws
   * ends the backup and reaches the caller as it is.
   */
  readonly onProgress?: OnProgress<BackupProgress>;
}

/** How far a backup is. All numbers are totals over the namespaces so far. */
export interface BackupProgress {
  /** The namespace at work; "" is the root. */
  readonly namespace: string;
  /** Entries and deletions written; what changes while it is backed up counts each time. */
  readonly records: number;
  /** Bytes of their lines, before compression and encryption: without them, in the end, those of the files. */
  readonly bytes: number;
  readonly done: boolean;
}

/** What a backup did. */
export interface BackupResult {
  /** Random; stands in every file of the backup. */
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  /** Whether it can be restored without another one. */
  readonly kind: "full" | "incremental";
  /** The id of the key that it is encrypted with; absent when it is not. */
  readonly key?: string;
  readonly namespaces: readonly {
    /** "" is the root. */
    readonly namespace: string;
    /** The commit whose state the backup holds, in the form that `watch` resumes after. */
    readonly position: string;
    /** `scan`: read whole. `log`: from the change log alone. `difference`: compared with the base, version by version. */
    readonly source: NamespaceSource;
  }[];
  /** Entries and deletions written; what changed while it was backed up counts each time. */
  readonly records: number;
  /** Bytes of the files written. */
  readonly bytes: number;
}

/** @throws TypeError for options that do not exist or do not fit. */
export function checkBackupOptions(target: unknown, options: BackupOptions): void {
  requirePath("the target of a backup", target);
  requireKnownOptions("backup", options, ["base", "compression", "encryption", "onProgress"]);
  const { base, compression, encryption, onProgress } = options;
  if (base !== undefined) requirePath("base", base);
  if (compression !== undefined && compression !== "none" && compression !== "gzip")
    throw new TypeError(`compression must be "none" or "gzip", not ${JSON.stringify(compression)}`);
  if (encryption !== undefined && encryption !== true) requireKeys(encryption);
  requireProgress(onProgress);
}

export function requirePath(what: string, path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return;
  throw new TypeError(`${what} must be the path of a folder`);
}
