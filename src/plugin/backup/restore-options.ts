import { checkNamespace } from "../../core/key.js";
import { requireKnownOptions } from "../../core/known-options.js";
import type { KeyRing } from "../../sealing/key-ring.js";
import { requireProgress, type OnProgress } from "../progress-teller.js";
import { keysOfRestore, requireKeys, type GivenKeys } from "./backup-keys.js";
import { requirePath } from "./backup-options.js";

export interface RestoreOptions {
  /**
   * One namespace alone: its name, or under which name of the store (`to`) that of the backup (`from`) is restored; "" is
   * the root. Absent: all of them.
   */
  readonly namespace?: string | { readonly from: string; readonly to: string };
  /**
   * Empties what is restored into first: the namespace, or without `namespace` the whole store. Default false: what is
   * not empty is refused.
   */
  readonly replace?: boolean;
  /**
   * Checks everything and changes nothing. A store that is not empty is no failure then: `occupied` of the result names
   * what stands in the way. Default false.
   */
  readonly dryRun?: boolean;
  /**
   * Keys that open the backup and values in it, beside those of the store, which open it too; of two with one id the one given
   * here counts. Nothing is encrypted with them: what is restored is stored as the store's configuration says.
   */
  readonly encryption?: GivenKeys;
  /**
   * Told how far the restore is, at most every 200 ms and once at the end; awaited before it goes on. What it throws
   * ends the restore and reaches the caller as it is.
   */
  readonly onProgress?: OnProgress<RestoreProgress>;
}

/** How far a restore is: it goes through the backup twice, and writes the second time. */
export interface RestoreProgress {
  readonly phase: "checking" | "writing";
  /** The namespace of the backup at work; "" is the root. */
  readonly namespace: string;
  /** Records of the backup that this phase has gone through. */
  readonly records: number;
  readonly done: boolean;
}

/** What a restore did. */
export interface RestoreResult {
  /** The id of the backup. */
  readonly id: string;
  /** When the backup was begun. */
  readonly createdAt: Date;
  /** The namespaces of the store that were restored, in key order. */
  readonly namespaces: readonly string[];
  /** Records of the backup that were gone through: entries and deletions. */
  readonly records: number;
  /**
   * Of a dry run: the namespaces of the store that hold something and would be restored into or emptied, in key order.
   * Where there is one, a restore needs `replace`. Otherwise empty.
   */
  readonly occupied: readonly string[];
}

/** Options that were checked, with their defaults. */
export interface RestorePlan {
  readonly onProgress: RestoreOptions["onProgress"];
  readonly only: { readonly from: string; readonly to: string } | undefined;
  readonly replace: boolean;
  readonly dryRun: boolean;
  readonly keys?: KeyRing;
}

/** @throws TypeError for options that do not exist or do not fit; StorageFault `invalid-namespace`. */
export function planRestore(source: unknown, options: RestoreOptions): RestorePlan {
  requirePath("the source of a restore", source);
  requireKnownOptions("restore", options, ["namespace", "replace", "dryRun", "encryption", "onProgress"]);
  const { namespace, replace = false, dryRun = false, encryption, onProgress } = options;
  for (const [name, value] of Object.entries({ replace, dryRun }))
    if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${typeof value}`);
  requireProgress(onProgress);
  const only = namespace === undefined ? undefined : namesOf(namespace);
  if (encryption === undefined) return { only, replace, dryRun, onProgress };
  requireKeys(encryption);
  return { only, replace, dryRun, onProgress, keys: keysOfRestore(encryption) };
}

function namesOf(namespace: NonNullable<RestoreOptions["namespace"]>) {
  const names = typeof namespace === "string" ? { from: namespace, to: namespace } : namespace;
  requireKnownOptions("namespace", names, ["from", "to"]);
  const { from, to } = names;
  checkNamespace(from);
  checkNamespace(to);
  return { from, to };
}
