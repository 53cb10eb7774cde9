import assert from "node:assert/strict";
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, StorageError, type StoragePlugin } from "../../../src/index.js";

const ctx = background();
const PAGE = 4096;
const KEPT = 400;

/** What a cut file was found to be. */
type Verdict = "refused" | "whole";

describe("a damaged lmdb file", function () {
  this.timeout(120_000);
  let folder = "";
  let original = "";

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-lmdb-short-"));
    original = join(folder, "original");
    await fill(original);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is refused at every open when something that counts is missing, and never changed", async () => {
    const whole = await readFile(join(original, "data-1", "data.mdb"));
    for (const share of [0.9, 0.6, 0.3]) {
      const path = await cutTo(Math.floor((whole.byteLength * share) / PAGE) * PAGE, `cut-${share}`);
      const before = await readFile(join(path, "data-1", "data.mdb"));
      for (let opens = 0; opens < 3; opens++) {
        assert.equal(await verdictOf(path), "refused", `opened at ${share} the ${opens + 1}. time`);
      }
      assert.deepEqual(await readFile(join(path, "data-1", "data.mdb")), before);
      assert.deepEqual(await readdir(path), ["data-1"], "nothing is left beside it");
    }
  });

  it("is refused when a generation that compact made is empty", async () => {
    const storage = await openStorage({ backend: "lmdb", lmdb: { path: original } });
    await storage.compact(ctx);
    await storage.stop();
    const [generation] = (await readdir(original)).filter((name) => name.startsWith("data-"));
    assert.equal(generation, "data-2");
    await truncate(join(original, "data-2", "data.mdb"), 0);
    await assert.rejects(
      openStorage({ backend: "lmdb", lmdb: { path: original } }),
      (error: StorageError) => error.code === 5003 && error.reason === "truncated",
    );
  });

  for (const [what, place] of [
    ["a link to nowhere", (path: string) => symlink("/nowhere/at/all", path)],
    [
      "a link to a file",
      async (path: string) => {
        await writeFile(join(folder, "victim"), "victim");
        await symlink(join(folder, "victim"), path);
      },
    ],
    ["a folder", (path: string) => mkdir(path)],
  ] as const) {
    it(`is not opened where its table of readers is ${what}, which stays as it is`, async () => {
      const path = join(original, "data-1", "lock.mdb");
      await rm(path);
      await place(path);
      await assert.rejects(
        openStorage({ backend: "lmdb", lmdb: { path: original } }),
        (error: StorageError) => error.code === 5001 && error.reason === "io",
      );
      if (what === "a link to a file") assert.equal(await readFile(join(folder, "victim"), "utf8"), "victim");
      await rm(path, { recursive: true });
      const storage = await openStorage({ backend: "lmdb", lmdb: { path: original } });
      assert.equal((await storage.verify(ctx)).ok, true);
      await storage.stop();
    });
  }

  it("is either refused or holds everything, wherever it was cut", async () => {
    const seen = new Set<Verdict>();
    // Where LMDB leaves free pages is its own affair: now and then none are at the end.
    for (let layout = 0; layout < 5 && seen.size < 2; layout++) {
      await emptyTail(original);
      const { byteLength } = await readFile(join(original, "data-1", "data.mdb"));
      for (let bytes = byteLength - PAGE; bytes > 2 * PAGE; bytes -= 7 * PAGE) {
        seen.add(await verdictOf(await cutTo(bytes, `cut-${layout}-${bytes}`)));
      }
    }
    assert.deepEqual([...seen].sort(), ["refused", "whole"], "both were met");
  });

  it("is refused when it ends inside its first pages", async () => {
    for (const bytes of [PAGE + 20, PAGE, 100, 10]) {
      assert.equal(await verdictOf(await cutTo(bytes, `cut-${bytes}`)), "refused", `${bytes} bytes`);
    }
  });

  it("is refused as another program's when it is something else", async () => {
    const path = join(folder, "other");
    await mkdir(join(path, "data-1"), { recursive: true });
    await writeFile(join(path, "data-1", "data.mdb"), Buffer.alloc(3 * PAGE, "no database "));
    await assert.rejects(
      openStorage({ backend: "lmdb", lmdb: { path } }),
      (error) =>
        error instanceof StorageError && error.reason === "foreign" && /another path/.test(error.message),
    );
  });

  it("is verified to its last page when one is overwritten, and the process goes on", async () => {
    const whole = await readFile(join(original, "data-1", "data.mdb"));
    const middle = Math.floor(whole.byteLength / PAGE / 2);
    for (const page of [middle, freeListOf(whole), longValueOf(whole)]) {
      const path = await cutTo(whole.byteLength, `overwritten-${page}`);
      const file = await open(join(path, "data-1", "data.mdb"), "r+");
      await file.write(Buffer.alloc(PAGE), 0, PAGE, page * PAGE);
      await file.close();
      const storage = await openStorage({ backend: "lmdb", lmdb: { path } });
      const { ok, problems } = await storage.verify(ctx);
      await storage.stop();
      assert.equal(ok, false);
      assert.match(problems[0]?.message ?? "", new RegExp(`data\\.mdb: page ${page} is damaged`));
    }
  });

  async function cutTo(bytes: number, name: string): Promise<string> {
    const path = join(folder, name);
    await mkdir(join(path, "data-1"), { recursive: true });
    const file = join(path, "data-1", "data.mdb");
    await copyFile(join(original, "data-1", "data.mdb"), file);
    await truncate(file, bytes);
    return path;
  }
});

async function fill(path: string): Promise<void> {
  const storage = await openStorage({ backend: "lmdb", lmdb: { path } });
  await storage.setBatch(ctx, new Map(Array.from({ length: KEPT }, (_, n) => [`kept:${n}`, valueOf(n)])));
  await storage.stop();
}

/** Makes the file longer by keys that are gone again, so that its last pages are free. */
async function emptyTail(path: string): Promise<void> {
  const storage = await openStorage({ backend: "lmdb", lmdb: { path } });
  for (let n = 0; n < 300; n++) await storage.set(ctx, `gone:${n}`, "x".repeat(2000));
  for (let n = 0; n < 300; n++) await storage.delete(ctx, `gone:${n}`);
  await storage.stop();
}

/** The page that the newer of the two first pages names as the root of the list of free pages. */
function freeListOf(file: Buffer): number {
  const [first, second] = [0, PAGE].map((at) => file.subarray(at, at + PAGE)) as [Buffer, Buffer];
  const newer = first.readBigUInt64LE(152) > second.readBigUInt64LE(152) ? first : second;
  return Number(newer.readBigUInt64LE(88));
}

/** The first page that is marked as one of a long value. */
function longValueOf(file: Buffer): number {
  const pages = Array.from({ length: file.byteLength / PAGE }, (_, page) => page);
  return pages.find((page) => file.readUInt16LE(page * PAGE + 18) === 4) as number;
}

/** Some so long that they take pages of their own. */
function valueOf(n: number): string {
  return `${n}:`.padEnd(n % 20 === 0 ? 9000 : 300, "v");
}

/** Opens a store, and when that works demands everything of it: every value, a clean verify, and room for writes. */
async function verdictOf(path: string): Promise<Verdict> {
  let storage: StoragePlugin;
  try {
    storage = await openStorage({ backend: "lmdb", lmdb: { path } });
  } catch (error) {
    assert.ok(
      error instanceof StorageError && error.code === 5003 && error.reason === "truncated",
      String(error),
    );
    return "refused";
  }
  for (let n = 0; n < KEPT; n++) assert.equal(await storage.get(ctx, `kept:${n}`), valueOf(n));
  for (let n = 0; n < 200; n++) await storage.set(ctx, `new:${n}`, valueOf(n));
  await storage.compact(ctx);
  for (let n = 0; n < 200; n++) assert.equal(await storage.get(ctx, `new:${n}`), valueOf(n));
  assert.deepEqual((await storage.verify(ctx)).problems, []);
  await storage.stop();
  return "whole";
}
