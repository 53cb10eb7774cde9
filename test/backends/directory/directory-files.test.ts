import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryFiles } from "../../../src/backends/directory/directory-files.js";
import { DirectoryLayout } from "../../../src/backends/directory/directory-layout.js";
import { nodeFileSystem } from "../../../src/backends/files/node-file-system.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";

describe("files of a directory store", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(MEMORY_FOLDER, "holdfast-files-"));
    for (const folder of [".holdfast", "user"]) mkdirSync(join(root, folder));
    for (const name of ["a.json", "b.json"]) writeFileSync(join(root, "user", name), "{}");
  });

  afterEach(() => rmSync(root, { recursive: true }));

  for (const [moment, call] of [
    ["before it is looked at", "kind"],
    ["before its size is asked for", "size"],
  ] as const) {
    it(`leave out one that a sweep removes ${moment}`, async () => {
      const gone = join(root, "user", "a.json");
      let looks = 0;
      const fs = {
        ...nodeFileSystem,
        async kind(path: string) {
          if (path === gone && ++looks === 1 && call === "kind") rmSync(gone);
          const kind = await nodeFileSystem.kind(path);
          if (path === gone && call === "size") rmSync(gone);
          return kind;
        },
      };
      const files = await directoryFiles(fs, new DirectoryLayout(root));
      expect(looks).to.equal(1);
      expect(files).to.deep.equal([{ path: join(root, "user", "b.json"), bytes: 2 }]);
    });
  }
});
