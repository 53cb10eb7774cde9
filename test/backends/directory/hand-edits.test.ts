import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { background, openStorage, withCancel, type Change, type StoragePlugin } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";

const ctx = background();
const KEYS = ["one", "three", "two"];

describe("files of keys that somebody changes by hand", () => {
  let folder: string;
  let storage: StoragePlugin;

  const fileOf = (key: string) => join(folder, "store/@root", `${key}.json`);

  const edit = async (key: string, from: string | RegExp, to: string) => {
    const before = await readFile(fileOf(key), "utf8");
    const after = before.replace(from, to);
    assert.notEqual(after, before);
    await writeFile(fileOf(key), after);
  };

  const refused = { code: 5003, reason: "checksum", key: "two" };

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-edits-"));
    storage = await openStorage({ backend: "directory", directory: { path: join(folder, "store") } });
    await storage.set(ctx, "one", { n: 1 });
    await storage.set(ctx, "two", { n: 2, since: new Date(0) });
    await storage.set(ctx, "three", { n: 3 }, "1h");
    await storage.flush(ctx);
  });

  afterEach(async () => {
    await storage.stop(ctx);
    await rm(folder, { recursive: true });
  });

  it("are refused, name their file, and cost nothing but their key", async () => {
    await edit("two", '"n": 2', '"n": 22');
    await storage.clearCache(ctx);
    await assert.rejects(storage.get(ctx, "two"), (error: Error) => {
      assert.match(error.message, /@root\/two\.json: it does not match its checksum; .*acceptEdits/);
      return true;
    });
    await assert.rejects(storage.get(ctx, "two"), refused);
    assert.deepEqual(await storage.get(ctx, "one"), { n: 1 });
    assert.deepEqual(await storage.keys(ctx), KEYS);
    assert.equal(await storage.count(ctx), 3);
    const { ok, problems, ...rest } = await storage.verify(ctx);
    assert.equal(ok, false);
    assert.deepEqual(
      problems.map(({ reason, key, file }) => [reason, key, file]),
      [["checksum", "two", fileOf("two")]],
    );
    assert.deepEqual(Object.keys(rest), ["entries", "orphans"]);
    await assert.rejects(storage.get(ctx, "two"), refused, "to verify accepts nothing");
  });

  it("count once they are accepted, for caches and watchers too", async () => {
    await storage.get(ctx, "two");
    const [following, stop] = withCancel(ctx);
    const watching = storage.watch(following)[Symbol.asyncIterator]();
    const next = watching.next();
    await edit("two", '"n": 2', '"n": 22');
    assert.deepEqual(await storage.verify(ctx, { acceptEdits: true }), {
      ...{ ok: true, entries: 3, orphans: 0, accepted: 1, problems: [] },
    });
    assert.deepEqual(await storage.get(ctx, "two"), { n: 22, since: new Date(0) });
    const change = (await next).value as Change | undefined;
    assert.deepEqual([change?.type, change?.key], ["set", "two"]);
    stop();
    await watching.return?.();
    await storage.flush(ctx);
    assert.equal((await storage.verify(ctx)).ok, true);
  });

  it("may be laid out anew and given another time to live", async () => {
    const document = JSON.parse(await readFile(fileOf("three"), "utf8")) as Record<string, unknown>;
    await writeFile(fileOf("three"), JSON.stringify(document));
    assert.equal((await storage.verify(ctx)).ok, true, "space means nothing");
    await writeFile(fileOf("three"), JSON.stringify({ ...document, expiresAt: Date.now() + 7_200_000 }));
    assert.equal((await storage.verify(ctx, { acceptEdits: true })).accepted, 1);
    assert.ok((await storage.ttl(ctx, "three")) > 3_600_000);
  });

  it("are deletes when they are gone", async () => {
    await unlink(fileOf("two"));
    await storage.clearCache(ctx);
    await assert.rejects(storage.get(ctx, "two"), { code: 5003, reason: "truncated" });
    const { ok, accepted } = await storage.verify(ctx, { acceptEdits: true });
    assert.deepEqual([ok, accepted], [true, 1]);
    assert.deepEqual(await storage.keys(ctx), ["one", "three"]);
  });

  for (const [what, change] of [
    ["no JSON", () => writeFile(fileOf("two"), "{ n: 2 }")],
    ["empty", () => writeFile(fileOf("two"), "")],
    ["another key's", () => rename(fileOf("one"), fileOf("two"))],
    [
      "what no value is written as",
      () => edit("two", '"$date": "1970-01-01T00:00:00.000Z"', '"$date": "soon"'),
    ],
    ["of a later format", () => edit("two", '"format": 1', '"format": 2')],
    ["a link", async () => (await unlink(fileOf("two")), symlink(fileOf("one"), fileOf("two")))],
  ] as const) {
    it(`stay problems when they are ${what}, until the key is set`, async () => {
      await change();
      await storage.clearCache(ctx);
      const { ok, problems } = await storage.verify(ctx, { acceptEdits: true });
      assert.equal(ok, false);
      assert.ok(problems.some(({ key }) => key === "two"));
      await assert.rejects(storage.get(ctx, "two"), { code: 5003 });
      await storage.set(ctx, "two", 2);
      await storage.set(ctx, "one", 1);
      await storage.flush(ctx);
      assert.equal(await storage.get(ctx, "two"), 2);
      assert.deepEqual((await storage.verify(ctx)).problems, []);
    });
  }

  it("are reported and left alone when they are not of the store", async () => {
    const path = join(folder, "store/@root/readme.txt");
    await writeFile(path, "mine");
    const { ok, problems } = await storage.verify(ctx, { acceptEdits: true });
    assert.equal(ok, false);
    assert.deepEqual(
      problems.map(({ reason, file }) => [reason, file]),
      [["foreign", path]],
    );
    assert.deepEqual(await storage.keys(ctx), KEYS);
    assert.equal(await readFile(path, "utf8"), "mine");
    await unlink(path);
  });

  it("refuses an option of verify that it does not know", async () => {
    await assert.rejects(storage.verify(ctx, { acceptEdit: true } as never), /acceptEdit/);
  });
});
