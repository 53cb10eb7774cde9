import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";

const ctx = background();
const KEYS = Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, "0")}`);

describe("a store of directory opened for reading", () => {
  let folder: string;
  let path: string;
  let opened: StoragePlugin[];

  const open = async (section: StorageSettings["directory"], cacheSize = 0): Promise<StoragePlugin> => {
    const settings = { backend: "directory", directory: { path, ...section }, cache_size: cacheSize };
    const storage = await openStorage(settings, { warn: () => undefined });
    opened.push(storage);
    return storage;
  };
  const openForReading = () => open({ read_only: true });

  /** Every file below the folder of the store with its content. */
  const contents = () =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file, readFileSync(file, "hex")]);

  beforeEach(async () => {
    opened = [];
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-reading-"));
    path = join(folder, "store");
  });

  afterEach(async () => {
    await Promise.all(opened.map((storage) => storage.stop(ctx)));
    await rm(folder, { recursive: true });
  });

  it("finds nothing wrong with what another one has added since, and still what is nobody's", async () => {
    const writer = await open({});
    await writer.set(ctx, "a", 1);
    await writer.flush(ctx);
    const reader = await openForReading();
    await writer.setBatch(ctx, { b: 2, c: 3 });
    await writer.namespace("n").set(ctx, "d", 4);
    await writer.flush(ctx);
    assert.deepEqual((await reader.verify(ctx)).problems, []);
    await writeFile(join(path, "@root", "mine.json"), "{}");
    const { problems } = await reader.verify(ctx);
    assert.deepEqual(
      problems.map(({ reason, file = "" }) => [reason, file.endsWith("mine.json")]),
      [["foreign", true]],
    );
  });

  it("shows what is there while another one writes, takes no lock, and changes no file", async () => {
    const writer = await open({});
    await writer.set(ctx, "filed", 1);
    await writer.namespace("n").list("l").rpush(ctx, 1, 2);
    await writer.flush(ctx);
    // Of this one there may be no file yet.
    await writer.set(ctx, "journaled", new Uint8Array([2]));
    const early = await openForReading();
    assert.deepEqual(await early.find(ctx, "*"), await writer.find(ctx, "*"));
    await writer.flush(ctx);
    const settled = contents();
    const reader = await openForReading();
    assert.deepEqual(await reader.find(ctx, "*"), await writer.find(ctx, "*"));
    assert.deepEqual(await reader.namespace("n").list("l").lrange(ctx, 0, -1), [1, 2]);
    assert.equal(await reader.count(ctx), 2);
    assert.equal((await reader.verify(ctx)).ok, true);
    await reader.flush(ctx);
    await reader.stop(ctx);
    assert.deepEqual(contents(), settled);
    await writer.set(ctx, "filed", 2);
  });

  it("refuses to write", async () => {
    await (await open({})).set(ctx, "a", 1);
    const reader = await openForReading();
    const refused = { code: 5002, reason: "read-only", message: /read_only: true; open it without to write/ };
    await assert.rejects(reader.set(ctx, "b", 1), refused);
    await assert.rejects(reader.delete(ctx, "a"), refused);
    await assert.rejects(reader.compact(ctx), refused);
    await assert.rejects(
      reader.verify(ctx, { acceptEdits: true }).then(() => reader.set(ctx, "b", 1)),
      refused,
    );
    assert.deepEqual(await reader.keys(ctx), ["a"]);
  });

  it("does not make a store", async () => {
    await assert.rejects(openForReading(), (error: Error) => {
      assert.match(
        error.message,
        /index\.json for reading failed: there is no store yet; open it once without read_only: true/,
      );
      return true;
    });
    assert.equal(existsSync(path), false);
  });

  it("finds what replaced and removed values after it was opened", async () => {
    const writer = await open({});
    await writer.setBatch(ctx, { changed: 1, removed: 1, left: 1 });
    // From here on no journal has the values, and the reader neither.
    await writer.compact(ctx);
    const reader = await openForReading();
    await writer.set(ctx, "changed", 2);
    await writer.delete(ctx, "removed");
    await writer.compact(ctx);
    assert.equal(await reader.getOr(ctx, "removed", "gone"), "gone");
    assert.equal(await reader.get(ctx, "changed"), 2);
    assert.equal(await reader.get(ctx, "left"), 1);
  });

  it("goes on with a scan whose values are replaced and removed meanwhile", async () => {
    const writer = await open({});
    const value = "v".repeat(256 * 1024);
    await writer.setBatch(ctx, new Map(KEYS.map((key) => [key, value])));
    await writer.compact(ctx);
    const reader = await openForReading();
    const seen: string[] = [];
    for await (const { key, value: found } of reader.scan<string>(ctx)) {
      assert.ok(found === value || found === "new", key);
      if (seen.push(key) > 1) continue;
      await writer.setBatch(ctx, new Map(KEYS.map((each) => [each, "new"])));
      await writer.deleteBatch(ctx, KEYS.slice(15));
      await writer.compact(ctx);
    }
    assert.deepEqual(seen, KEYS.slice(0, 15));
  });

  it("tells damage from what is newer", async () => {
    const writer = await open({});
    await writer.setBatch(ctx, { a: 1, b: 1 });
    await writer.compact(ctx);
    const reader = await openForReading();
    const file = join(path, "@root/a.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"value": 1', '"value": 2'));
    const damaged = { code: 5003, reason: "checksum", key: "a" };
    await assert.rejects(reader.get(ctx, "a"), damaged);
    await assert.rejects(reader.find(ctx, "*"), damaged);
    assert.equal(await reader.get(ctx, "b"), 1);
    assert.deepEqual(
      (await reader.verify(ctx)).problems.map(({ key, reason }) => [key, reason]),
      [["a", "checksum"]],
    );
    await writer.set(ctx, "a", 3);
    await writer.flush(ctx);
    assert.equal(await reader.get(ctx, "a"), 3);
  });

  it("reads each moment whole, and none before one that it has shown", async () => {
    const writer = await open({});
    await writer.setBatch(ctx, { a: 0, b: 0 });
    await writer.compact(ctx);
    const reader = await openForReading();
    let isDone = false;
    const writing = (async () => {
      for (let i = 1; i <= 60; i++) {
        await writer.setBatch(ctx, { a: i, b: i });
        await (i % 3 === 0 ? writer.flush(ctx) : writer.compact(ctx));
      }
      isDone = true;
    })();
    let last = 0;
    while (!isDone) {
      const found = await reader.getBatch<number>(ctx, ["a", "b"]);
      const [a = -1, b = -2] = [found.get("a"), found.get("b")];
      assert.equal(a, b);
      assert.ok(a >= last, `${a} after ${last}`);
      last = a;
      await nextTurn();
    }
    await writing;
    assert.ok(last > 0, "what it had seen first was replaced");
  });

  it("takes nothing but true and false", async () => {
    const wrong = { read_only: "yes" } as unknown as StorageSettings["directory"];
    await assert.rejects(open(wrong), /read_only/);
  });
});
