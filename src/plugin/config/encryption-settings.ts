import { quoteName } from "../../core/errors.js";
import { isKeyId } from "../../sealing/key-ring.js";
import type { EncryptionSettings, KeySource } from "../settings.js";
import type { OptionValues } from "./option-values.js";

/** Says for `encryption.active` that values are written plain; no key may be called so. */
const NO_KEY = "none";
const KEYS = "encryption.keys";
const ACTIVE = "encryption.active";

/** What is said about encryption, checked but for the keys themselves, which read-keys.ts reads. */
export function encryptionSettings(values: OptionValues): EncryptionSettings {
  const written = values.get(KEYS) ?? [];
  const keys = written.flatMap((item, i) => keySource(values, item, `${KEYS}.${i}`) ?? []);
  checkIds(values, keys);
  const active = activeId(values, keys);
  const plain = values.get("encryption.plain");
  if (plain === "refuse" && active === undefined) {
    values.report("encryption.plain", "refuse needs an active key, or nothing that is written could be read");
  }
  return Object.freeze({ keys: Object.freeze(keys), active, plain, backupKey: backupKey(values, keys) });
}

function backupKey(values: OptionValues, keys: readonly KeySource[]): string | undefined {
  const wanted = values.given("backup.key");
  const ids = keys.map(({ id }) => id);
  if (wanted === undefined || ids.includes(wanted) || values.problems.length > 0) return wanted;
  const known = ids.length === 0 ? `there are no keys; add it to ${KEYS}` : `choose one of ${ids.join(", ")}`;
  values.report("backup.key", `no key is called ${quoteName(wanted)}; ${known}`);
  return wanted;
}

function keySource(
  values: OptionValues,
  item: Readonly<Record<string, unknown>>,
  path: string,
): KeySource | undefined {
  const { id, env, file, ...others } = item;
  const [unknown] = Object.keys(others);
  // The value of it may be a key: it is not repeated.
  if (unknown !== undefined) {
    const advice = "a key has an id, and env or file; the key itself does not stand in a configuration";
    values.report(`${path}.${unknown}`, `unknown option; ${advice}`);
    return undefined;
  }
  if (!isKeyId(id) || id === NO_KEY) {
    const wanted = 'give 1 to 32 letters, digits, ".", "_" and "-", a letter or digit first, and not none';
    values.report(
      id === undefined ? path : `${path}.id`,
      typeof id === "number"
        ? `the id of a key is text, and ${id} is a number; put it in quotes`
        : `the id of a key is missing or not allowed; ${wanted}`,
    );
    return undefined;
  }
  if (isText(env) && file === undefined) return Object.freeze({ id, env });
  if (isText(file) && env === undefined) return Object.freeze({ id, file });
  values.report(path, "give env, the name of a variable, or file, a path; one of them, as text");
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function checkIds(values: OptionValues, keys: readonly KeySource[]): void {
  const ids = keys.map(({ id }) => id);
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice !== -1)
    values.report(KEYS, `two keys are called ${quoteName(ids[twice] as string)}; give each its own id`);
}

function activeId(values: OptionValues, keys: readonly KeySource[]): string | undefined {
  const active = values.given(ACTIVE);
  if (active === NO_KEY) return undefined;
  const ids = keys.map(({ id }) => id);
  if (active === undefined) {
    if (ids.length > 1)
      values.report(KEYS, `several keys; say which one writes, as ${ACTIVE}: ${ids.at(-1)}`);
    return ids[0];
  }
  if (!ids.includes(active) && values.problems.length === 0) {
    const known = ids.length === 0 ? "there are no keys" : `choose one of ${ids.join(", ")}, or none`;
    values.report(ACTIVE, `no key is called ${quoteName(active)}; ${known}`);
  }
  return active;
}
