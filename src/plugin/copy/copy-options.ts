import { requireKnownOptions } from "../../core/known-options.js";
import { planListing, type Listing } from "../../core/listing.js";
import { requireProgress } from "../progress-teller.js";

export interface CopyOptions {
  /** Copy only the keys that match, in every namespace. Default `"*"`. */
  readonly pattern?: string;
  /**
   * Told how far the copy is, at most every 200 ms and once at the end; awaited before the copy goes on. What it throws
   * ends the copy and reaches the caller as it is.
   */
  readonly onProgress?: (progress: CopyProgress) => void | Promise<void>;
  /** Compare both stores when everything is copied. Default true. */
  readonly verify?: boolean;
  /**
   * Let the target hold keys already, as an interrupted copy leaves them. What is equal there is not written again; what
   * differs is replaced. Default false: a target that holds any of the keys is refused.
   */
  readonly resume?: boolean;
  /**
   * With `resume`: delete from the target the keys that the source does not have, in the namespaces that the source
   * holds and among the keys that match. Default false: they stay, and `verify` names the first of them.
   */
  readonly prune?: boolean;
}

/** How far a copy is. All numbers are totals over the namespaces so far. */
export interface CopyProgress {
  /** The namespace at work; "" is the root. */
  readonly namespace: string;
  /** Keys written to the target. */
  readonly copied: number;
  /** Keys that the target already had as they are. */
  readonly skipped: number;
  /** Keys deleted from the target. */
  readonly deleted: number;
  /** Bytes of the values written, as the source counts them. */
  readonly bytes: number;
  /** Keys found equal in both stores; 0 while the copy is still writing. */
  readonly compared: number;
  /** Everything is done, the comparison included. */
  readonly done: boolean;
}

/** What a copy did. */
export interface CopyResult {
  /** Namespaces of the source that were looked at, the root included. */
  readonly namespaces: number;
  /** Keys written to the target. */
  readonly copied: number;
  /** Keys that the target already had as they are. */
  readonly skipped: number;
  /** Keys deleted from the target. */
  readonly deleted: number;
  /** Keys that were read from the source, and expired before they could be written. */
  readonly expired: number;
  /** Bytes of the values written, as the source counts them. */
  readonly bytes: number;
  /** Namespaces that only the target holds, in key order; nothing in them was read, compared or changed. */
  readonly untouched: readonly string[];
  /**
   * SHA-256 in hexadecimal over namespaces, keys, types and values, equal in both stores; absent with `verify: false`.
   */
  readonly digest?: string;
}

/** Options that were checked, with their defaults. */
export interface CopyPlan {
  /** The users' keys that are copied. */
  readonly listing: Listing;
  readonly onProgress: CopyOptions["onProgress"];
  readonly verify: boolean;
  readonly resume: boolean;
  readonly prune: boolean;
}

/** @throws TypeError for options that do not exist or do not fit; StorageFault `invalid-pattern`. */
export function planCopy(options: CopyOptions): CopyPlan {
  requireKnownOptions("copy", options, ["pattern", "onProgress", "verify", "resume", "prune"]);
  const { pattern = "*", onProgress } = options;
  requireProgress(onProgress);
  const verify = flag(options, "verify", true);
  const resume = flag(options, "resume", false);
  const prune = flag(options, "prune", false);
  if (prune && !resume)
    throw new TypeError("prune goes with resume: without it the target holds nothing to prune");
  return { listing: planListing(pattern), onProgress, verify, resume, prune };
}

function flag(options: CopyOptions, name: "verify" | "resume" | "prune", byDefault: boolean): boolean {
  const value = options[name] ?? byDefault;
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${typeof value}`);
  return value;
}
