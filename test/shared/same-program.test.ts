import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { ROOT } from "../architecture/source-tree.js";
import { missing } from "../support/fixtures.js";
import { STORES } from "../support/stores.js";

const run = promisify(execFile);
const PROGRAM = join(ROOT, "examples/same-program/main.ts");
const EXPECTED = readFileSync(join(ROOT, "examples/same-program/expected.txt"), "utf8");

describe("the same program, only the YAML changed", () => {
  it("is about twenty lines", () => {
    const lines = readFileSync(PROGRAM, "utf8").trim().split("\n");
    expect(lines.filter((line) => line !== "")).to.have.length.within(18, 22);
  });

  for (const kind of STORES) {
    it(`prints the same bytes on ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      const folder = await mkdtemp(join(tmpdir(), "holdfast-same-"));
      try {
        const file = join(folder, "storage.yaml");
        await writeFile(file, stringify({ storage: store.settings }));
        const { stdout } = await run(process.execPath, ["--import", "tsx", PROGRAM, file], { cwd: ROOT });
        expect(stdout).to.equal(EXPECTED);
      } finally {
        await store.destroy();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
