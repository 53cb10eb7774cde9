import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataFolder } from "../../../src/backends/lmdb/data-folder.js";
import { StorageFault } from "../../../src/core/errors.js";

async function refusalOf(path: string): Promise<StorageFault> {
  const error: unknown = await new DataFolder(path).prepare().catch((refusal: unknown) => refusal);
  expect(error).to.be.instanceOf(StorageFault);
  return error as StorageFault;
}

describe("the folder of a store of lmdb", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-lmdb-folder-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const mode of [0o600, 0o700]) {
    it(`is told from a file with mode ${mode.toString(8)}, which stays as it is`, async () => {
      const path = join(folder, "store");
      await writeFile(path, "mine", { mode });
      const fault = await refusalOf(path);
      expect(fault.reason).to.equal("io");
      expect(fault.message).to.equal(
        `opening ${path} failed; it is a file and no folder; give the path of a folder, which is made when it is missing`,
      );
      expect(await readFile(path, "utf8")).to.equal("mine");
    });
  }

  it("is asked to be made writable where it is not, with no word of options that lmdb does not have", async () => {
    // Nobody may make anything there, whatever the user.
    const fault = await refusalOf("/sys/store");
    expect(fault.reason).to.equal("read-only");
    expect(fault.message)
      .to.match(/^opening \/sys\/store failed .*; make the folder and its files writable for this user$/)
      .and.not.contain("read_only");
  });
});
