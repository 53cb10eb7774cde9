import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { background, openStorage } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";
import { StoreProcess } from "../../support/store-process.js";
import type { LargeCommitReport, LargeCommitTask } from "./large-commit-process.js";

const PROGRAM = new URL("large-commit-process.ts", import.meta.url);
const ctx = background();

const CASES: readonly (Omit<LargeCommitTask, "path"> & { readonly says: string; readonly left: number })[] = [
  { says: "clears all", commit: "clear", between: "nothing", left: 0 },
  { says: "sets a batch", commit: "setBatch", between: "nothing", left: 20_000 },
  { says: "deletes a batch", commit: "deleteBatch", between: "nothing", left: 8_000 },
  { says: "sets many keys at once", commit: "sets", between: "nothing", left: 20_000 },
  { says: "clears all once it is opened again", commit: "clear", between: "reopened", left: 0 },
  { says: "clears all when another process has compacted", commit: "clear", between: "left-behind", left: 0 },
];

describe("The first commit after a compaction of lmdb", function () {
  this.timeout(180_000);

  let path = "";
  beforeEach(async () => {
    path = await mkdtemp(join(MEMORY_FOLDER, "holdfast-lmdb-large-"));
  });
  afterEach(() => rm(path, { recursive: true }));

  async function compactHere(): Promise<void> {
    await using storage = await openStorage({ backend: "lmdb", lmdb: { path } });
    await storage.compact(ctx);
  }

  for (const { says, left, ...task } of CASES) {
    it(says, async () => {
      const child = new StoreProcess(PROGRAM, { path, ...task });
      try {
        if (task.between === "left-behind") {
          expect(await child.next()).to.equal("filled");
          await compactHere();
          child.send("compacted");
        }
        expect(await child.next<LargeCommitReport>()).to.deep.equal({ count: left, problems: 0 });
      } finally {
        await child.end();
      }
    });
  }
});
