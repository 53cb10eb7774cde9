import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { KEY_BYTES, KeyRing, parseKey, SealingKey } from "../../sealing/key-ring.js";
import type { ConfigSection } from "../plugin.js";
import type { EncryptionSettings, KeySource } from "../settings.js";
import { ConfigError, type ConfigProblem } from "./config-error.js";
import type { Environment } from "./environment.js";

/** Most bytes of a key file that are read; more is no key. */
const MAX_FILE_BYTES = 1024;
/** Reading by others, and writing by anybody but the owner. */
const FORBIDDEN_MODE = 0o026;

/** Why a key cannot be had: completes "key "k1": …". Never repeats what is in the variable or file. */
class KeyFlaw extends Error {
  override readonly name = "KeyFlaw";
}

/**
 * The keys of a store, read from where the settings say.
 *
 * @param section where the settings were written, whose places then stand in messages.
 * @throws ConfigError listing every key that cannot be had.
 */
export function readKeys(
  settings: Omit<EncryptionSettings, "backupKey">,
  section: ConfigSection | undefined,
  environment: Environment = process.env,
): KeyRing {
  const problems: ConfigProblem[] = [];
  const keys = settings.keys.flatMap((source, i) => {
    try {
      return new SealingKey(source.id, keyBytes(source, environment));
    } catch (error) {
      if (!(error instanceof KeyFlaw)) throw error;
      const where = section?.locate(["encryption", "keys", i]);
      const message = `key ${JSON.stringify(source.id)}: ${error.message}`;
      problems.push({ ...(where !== undefined && { where }), path: `storage.encryption.keys.${i}`, message });
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return new KeyRing(keys, settings.active);
}

function keyBytes(source: KeySource, environment: Environment): Uint8Array {
  const text = "env" in source ? fromEnvironment(source.env, environment) : fromFile(source.file);
  const bytes = parseKey(text);
  if (bytes !== undefined) return bytes;
  const place = "env" in source ? `the environment variable ${source.env}` : source.file;
  throw new KeyFlaw(
    `${place} holds ${text.trim().length} characters that are not ${KEY_BYTES} bytes as base64 (44 characters) or hex (64); ` +
      "make one with: openssl rand -base64 32",
  );
}

function fromEnvironment(name: string, environment: Environment): string {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined || value.trim() === "") {
    const state = value === undefined ? "not set" : "empty";
    throw new KeyFlaw(`the environment variable ${name} is ${state}; set it to the key`);
  }
  return value;
}

function fromFile(path: string): string {
  try {
    return readPrivately(path);
  } catch (error) {
    if (error instanceof KeyFlaw) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeyFlaw(`the file cannot be read: ${reason}; create it, or give another path`);
  }
}

/** Looks at the file that is read, not at whatever has its name a moment before. */
function readPrivately(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new KeyFlaw(`${path} is not a file; give the path of a file`);
    const mode = stat.mode & 0o777;
    if ((mode & FORBIDDEN_MODE) !== 0) {
      const shown = mode.toString(8).padStart(3, "0");
      throw new KeyFlaw(
        `others can read or change ${path} (mode ${shown}); keep it from them with: chmod 600 ${path}`,
      );
    }
    const buffer = Buffer.alloc(MAX_FILE_BYTES);
    const text = buffer.toString("latin1", 0, readSync(file, buffer, 0, MAX_FILE_BYTES, 0));
    buffer.fill(0);
    return text;
  } finally {
    closeSync(file);
  }
}
