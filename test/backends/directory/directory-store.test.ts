import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { background, openStorage, type StorageError, type StoragePlugin } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";

const ctx = background();

describe("a store of directory", () => {
  let folder: string;
  let path: string;
  let opened: StoragePlugin[] = [];

  const open = async (place = path): Promise<StoragePlugin> => {
    const storage = await openStorage({ backend: "directory", directory: { path: place } });
    opened.push(storage);
    return storage;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-directory-"));
    path = join(folder, "store");
  });

  afterEach(async () => {
    await Promise.all(opened.map((storage) => storage.stop(ctx)));
    opened = [];
    await rm(folder, { recursive: true });
  });

  it("keeps each key in a readable file in the folder of its namespace", async () => {
    const storage = await open();
    await storage.set(ctx, "user:1", { name: "Ann", tags: ["a"] });
    await storage.namespace("Über").set(ctx, "a b", new Uint8Array([1, 2]));
    await storage.flush(ctx);
    const text = await readFile(join(path, "@root/user%3a1.json"), "utf8");
    assert.match(
      text,
      /"key": "user:1",[^]*\n {2}"value": {\n {4}"name": "Ann",\n {4}"tags": \[\n {6}"a"\n {4}\]\n {2}}\n}\n$/,
    );
    assert.deepEqual((await readdir(path)).sort(), ["%c3%9cber", ".holdfast", "@root"]);
    assert.deepEqual(await readdir(join(path, "%c3%9cber")), ["a%20b.json"]);
  });

  it("has lost nothing when the process ends before files are written", async () => {
    const storage = await open();
    await storage.setBatch(ctx, { a: 1, b: 2 });
    const copy = join(folder, "copy");
    await cp(path, copy, { recursive: true, filter: (from) => !from.endsWith(".lock") });
    const again = await open(copy);
    assert.deepEqual(
      await again.getBatch(ctx, ["a", "b"]),
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
    await again.flush(ctx);
    assert.deepEqual((await readdir(join(copy, "@root"))).sort(), ["a.json", "b.json"]);
    assert.equal((await again.verify(ctx)).ok, true);
  });

  it("removes the files of deleted keys, and the folder of an emptied namespace", async () => {
    const storage = await open();
    await storage.setBatch(ctx, { a: 1, b: 2 });
    await storage.namespace("n").set(ctx, "c", 3);
    await storage.flush(ctx);
    await storage.delete(ctx, "a");
    await storage.clearNamespace(ctx, "n");
    await storage.flush(ctx);
    assert.deepEqual(await readdir(join(path, "@root")), ["b.json"]);
    assert.deepEqual((await readdir(path)).sort(), [".holdfast", "@root"]);
  });

  it("goes on with its files where a copy of the folder is opened", async () => {
    const storage = await open();
    await storage.set(ctx, "a", "kept", "1h");
    await storage.stop(ctx);
    const copy = join(folder, "copy");
    await cp(path, copy, { recursive: true });
    const again = await open(copy);
    assert.equal(await again.get(ctx, "a"), "kept");
    assert.ok((await again.ttl(ctx, "a")) > 3_500_000);
  });

  it("is refused while another has it open, and names who", async () => {
    await open();
    await assert.rejects(open(), (error: Error) => {
      assert.match(error.message, /this process \(pid \d+\).*has had the store open/);
      return true;
    });
    await assert.rejects(open(), { code: 5001, reason: "locked" });
  });

  it("is refused where a file stands in the place of its folder, or a path leaves no room for names", async () => {
    await writeFile(path, "mine");
    await assert.rejects(open(), { code: 5001 });
    assert.equal(await readFile(path, "utf8"), "mine");
    const deep = join(folder, ...Array.from({ length: 20 }, () => "d".repeat(200)));
    await assert.rejects(open(deep), /leaves no room for names/);
  });

  it("is refused where other files stand and nothing of a store, also by a link, and changes nothing", async () => {
    const mine = '{"mine":"precious"}';
    await mkdir(join(path, "notes"), { recursive: true });
    await writeFile(join(path, "notes/todo.json"), mine);
    const link = join(folder, "link");
    await symlink(path, link);
    for (const place of [path, link]) {
      await assert.rejects(open(place), (error: StorageError) => {
        assert.deepEqual([error.code, error.reason], [5003, "foreign"]);
        assert.ok(error.message.includes(place));
        assert.match(error.message, /give a folder of its own, or copy \.holdfast too/);
        return true;
      });
    }
    assert.deepEqual(await readdir(path), ["notes"]);
    assert.equal(await readFile(join(path, "notes/todo.json"), "utf8"), mine);
  });

  it("is made where nothing stands but hidden files and what a file system puts there", async () => {
    await mkdir(join(path, "lost+found"), { recursive: true });
    await writeFile(join(path, ".gitignore"), "*");
    const storage = await open();
    await storage.set(ctx, "a", 1);
    assert.equal(await storage.get(ctx, "a"), 1);
  });

  it("is made where an earlier creation was cut off when it had made nothing but its folder", async () => {
    await mkdir(join(path, ".holdfast"), { recursive: true });
    const storage = await open();
    await storage.set(ctx, "a", 1);
    assert.equal(await storage.get(ctx, "a"), 1);
  });

  it("does not follow a link planted in the place of a namespace's folder", async () => {
    const storage = await open();
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, join(path, "n"));
    await storage.namespace("n").set(ctx, "a", 1);
    await assert.rejects(storage.flush(ctx), { code: 5002 });
    assert.deepEqual(await readdir(elsewhere), []);
    assert.equal(await storage.namespace("n").get(ctx, "a"), 1);
    await rm(join(path, "n"));
    await storage.flush(ctx);
    assert.deepEqual(await readdir(join(path, "n")), ["a.json"]);
  });

  it("says what to try when no folder is given", async () => {
    await assert.rejects(openStorage({ backend: "directory" }), /directory\.path.*such as \.\/data\/store/);
  });
});
