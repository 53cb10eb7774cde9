import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { background, openStorage, type StorageError } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";

const ctx = background();

describe("an sqlite file that is gone or empty beside its log", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-log-alone-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (const [what, empty] of [
    ["gone", false],
    ["empty", true],
  ] as const) {
    it(`is refused when it is ${what}, and the log stays as it is`, async () => {
      const storage = await openStorage({ backend: "sqlite", sqlite: { path: join(folder, "s.db") } });
      for (let i = 0; i < 50; i++) await storage.set(ctx, `key:${i}`, i);
      await mkdir(join(folder, "left"));
      const path = join(folder, "left", "s.db");
      // As a kill leaves it: closing would take the log into the file.
      await copyFile(join(folder, "s.db-wal"), `${path}-wal`);
      await storage.stop();
      if (empty) await writeFile(path, "");
      const log = await readFile(`${path}-wal`);
      assert.ok(log.byteLength > 0);
      await assert.rejects(
        openStorage({ backend: "sqlite", sqlite: { path } }),
        (error: StorageError) => error.code === 5003 && error.reason === "truncated",
      );
      assert.deepEqual(await readdir(join(folder, "left")), empty ? ["s.db", "s.db-wal"] : ["s.db-wal"]);
      assert.deepEqual(await readFile(`${path}-wal`), log);
    });
  }
});
