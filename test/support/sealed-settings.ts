import type { StorageSettings } from "../../src/plugin/settings.js";

/** What the keys of tests are made of; the last is another one under the name of the first. */
export const TEST_KEYS = { k1: "a1".repeat(32), k2: "b2".repeat(32), stolen: "c3".repeat(32) } as const;

/** Where the tests keep them. */
export function keyVariable(id: keyof typeof TEST_KEYS): string {
  return `HOLDFAST_TEST_KEY_${id.toUpperCase()}`;
}

for (const id of Object.keys(TEST_KEYS) as (keyof typeof TEST_KEYS)[])
  process.env[keyVariable(id)] = TEST_KEYS[id];

/** Encryption by one key. */
export const ENCRYPTED: StorageSettings = { encryption: { keys: [{ id: "k1", env: keyVariable("k1") }] } };

/** Everything that can be done to values on their way. */
export const SEALED: StorageSettings = {
  ...ENCRYPTED,
  codec: "v8",
  compression: { values: "gzip", threshold: 100 },
};
