import { expect } from "chai";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, type StorageSettings } from "../../../src/index.js";

const ctx = background();

describe("a store at a relative path", () => {
  const before = process.cwd();
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-relative-")));
    for (const name of ["here", "there"]) mkdirSync(join(folder, name));
  });

  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const backend of ["file", "directory", "sqlite", "lmdb"]) {
    it(`stays where it was opened when the current folder changes: ${backend}`, async () => {
      const settings: StorageSettings = { backend, [backend]: { path: "store" } };
      process.chdir(join(folder, "there"));
      const other = await openStorage(settings);
      await other.set(ctx, "precious", 1);
      await other.stop();
      process.chdir(join(folder, "here"));
      const storage = await openStorage(settings);
      await storage.setBatch(ctx, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key:${i}`, i])));
      process.chdir(join(folder, "there"));
      await storage.compact(ctx);
      await storage.set(ctx, "later", 1);
      expect((await storage.verify(ctx)).ok).to.equal(true);
      for (const { path } of (await storage.info(ctx)).files ?? [])
        expect(path).to.include(join(folder, "here"));
      await storage.stop();
      const untouched = await openStorage(settings);
      expect(await untouched.keys(ctx)).to.deep.equal(["precious"]);
      await untouched.stop();
      process.chdir(join(folder, "here"));
      const again = await openStorage(settings);
      expect(await again.count(ctx)).to.equal(501);
      await again.stop();
    });
  }

  it("is a file of that name for sqlite, though it looks like a URI", async () => {
    process.chdir(join(folder, "here"));
    const storage = await openStorage({ backend: "sqlite", sqlite: { path: "file:store.db?mode=memory" } });
    await storage.set(ctx, "a", 1);
    const path = join(folder, "here", "file:store.db?mode=memory");
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const { files = [] } = await storage.info(ctx);
    expect(files.map((file) => file.path)).to.include(path);
    await storage.stop();
    expect(statSync(path).size).to.be.above(0);
  });
});
