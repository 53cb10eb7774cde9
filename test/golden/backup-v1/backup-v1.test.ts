import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { expectedEntries, GOLDEN_BACKUPS, restoredEntries } from "../golden-backup.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Backups of format 1, as version 0.1 wrote them: they can be restored for ever. */
describe("golden files: backup, format 1", () => {
  for (const name of GOLDEN_BACKUPS) {
    it(`${name} is restored to what it held`, async () => {
      expect(await restoredEntries(join(HERE, name))).to.deep.equal((await expectedEntries())[name]);
    });
  }
});
