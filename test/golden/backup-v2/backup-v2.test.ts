import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { GivenKeys } from "../../../src/index.js";
import { expectedEntries, GOLDEN_BACKUPS, restoredEntries } from "../golden-backup.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The keys that they were written with: nothing is kept secret by them. */
const KEYS = { HOLDFAST_GOLDEN_K1: "11".repeat(32), HOLDFAST_GOLDEN_K2: "22".repeat(32) };
const encryption: GivenKeys = {
  keys: [
    { id: "k1", env: "HOLDFAST_GOLDEN_K1" },
    { id: "k2", env: "HOLDFAST_GOLDEN_K2" },
  ],
};

/** Encrypted backups, as version 0.1 wrote them: they can be restored for ever. */
describe("golden files: backup, format 2", () => {
  before(() => void Object.assign(process.env, KEYS));
  after(() => {
    for (const name of Object.keys(KEYS)) delete process.env[name];
  });

  for (const name of GOLDEN_BACKUPS) {
    it(`${name} is restored to what it held`, async () => {
      const restored = await restoredEntries(join(HERE, name), { encryption });
      expect(restored).to.deep.equal((await expectedEntries())[name]);
    });
  }
});
