import { requireKnownOptions } from "../../core/known-options.js";
import type { KeyRing, SealingKey } from "../../sealing/key-ring.js";
import { ConfigError, type ConfigProblem } from "../config/config-error.js";
import { encryptionSettings } from "../config/encryption-settings.js";
import { OptionValues } from "../config/option-values.js";
import { readKeys } from "../config/read-keys.js";
import type { KeySource } from "../settings.js";
import type { Stack } from "../stack.js";

/** Keys for one call, as `encryption` of the configuration has them. */
export interface GivenKeys {
  /** An id, and the environment variable or the file that holds 32 bytes as base64 or hex. */
  readonly keys: readonly KeySource[];
  /** The id of the one that encrypts. Needed when there are several; a restore encrypts nothing. */
  readonly active?: string;
}

/** The keys of a backup that is to be made. */
export interface BackupKeys {
  /** What its base may be encrypted with. */
  readonly opening: KeyRing;
  /** undefined: it is not encrypted. */
  readonly sealing: SealingKey | undefined;
}

/** @throws TypeError when a key is asked for that cannot be had. */
export function keysOfBackup(stack: Stack, encryption: true | GivenKeys | undefined): BackupKeys {
  if (encryption === undefined) return { opening: stack.keys, sealing: undefined };
  if (encryption !== true) {
    const given = readGiven(encryption);
    return { opening: stack.keys.joined(given), sealing: given.active };
  }
  const { backupKey } = stack.settings.encryption;
  const sealing = backupKey === undefined ? stack.keys.active : stack.keys.find(backupKey);
  if (sealing !== undefined) return { opening: stack.keys, sealing };
  throw new TypeError(
    "encryption: true needs a key of the store; give backup.key or encryption.active in its configuration, or keys here",
  );
}

/** The keys given to a restore. @throws TypeError when they do not fit, or cannot be had. */
export function keysOfRestore({ keys, active = "none" }: GivenKeys): KeyRing {
  return readGiven({ keys, active });
}

/** @throws TypeError for what is no set of keys; whether they can be had is not looked at. */
export function requireKeys(given: unknown): asserts given is GivenKeys {
  requireKnownOptions("encryption", given, ["keys", "active"]);
  if ((given as GivenKeys).keys === undefined)
    throw new TypeError("encryption needs keys, such as [{ id: k1, env: HOLDFAST_KEY }]");
}

function readGiven({ keys, active }: GivenKeys): KeyRing {
  const section = { value: { encryption: { keys, active } }, locate: () => undefined };
  const values = new OptionValues(section, new Set());
  const settings = encryptionSettings(values);
  if (values.problems.length > 0) throw misfit(values.problems);
  try {
    return readKeys(settings, undefined);
  } catch (error) {
    throw error instanceof ConfigError ? misfit(error.problems) : error;
  }
}

/** What is wrong stands in a call and not in a configuration. */
function misfit(problems: readonly ConfigProblem[]): TypeError {
  return new TypeError(
    problems.map(({ path, message }) => `${path.replace(/^storage\./, "")}: ${message}`).join("; "),
  );
}
