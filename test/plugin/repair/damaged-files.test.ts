import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, type StorageSettings } from "../../../src/index.js";

const ctx = background();
const COUNT = 500;
const values = new Map(
  Array.from({ length: COUNT }, (_, i) => [
    `key:${String(i).padStart(4, "0")}`,
    `value ${i} ${"v".repeat(1000)}`,
  ]),
);
const FLIPPED = "key:0250";

interface Damage {
  readonly name: string;
  /** The configuration of a store in a folder. */
  settings(folder: string): StorageSettings;
  /** The same, as the damaged store is opened; the same unless given. */
  readonly salvaging?: (folder: string) => StorageSettings;
  /** Damages the files of the closed store. */
  damage(folder: string): Promise<void>;
  /** At least so many keys are salvaged. */
  readonly atLeast: number;
}

async function change(path: string, how: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  how(bytes);
  await writeFile(path, bytes);
}

function flip(bytes: Buffer): void {
  const at = bytes.lastIndexOf("value 250 ");
  expect(at).to.be.above(0);
  bytes[at + 1] = (bytes[at + 1] as number) ^ 1;
}

const sqlite = (folder: string): StorageSettings => ({
  backend: "sqlite",
  sqlite: { path: join(folder, "db") },
});

const file = (folder: string): StorageSettings => ({
  backend: "file",
  file: { path: join(folder, "store.json") },
});

const salvagedFile = (folder: string): StorageSettings => ({
  backend: "file",
  file: { path: join(folder, "store.json"), salvage: true },
});

const DAMAGES: readonly Damage[] = [
  {
    name: "file with a bit of a value flipped",
    settings: file,
    salvaging: salvagedFile,
    damage: (folder) => change(join(folder, "store.json"), flip),
    atLeast: COUNT - 1,
  },
  {
    name: "file with some lines overwritten",
    settings: file,
    salvaging: salvagedFile,
    damage: (folder) =>
      change(join(folder, "store.json"), (bytes) => {
        const line = bytes.lastIndexOf("value 250 ");
        bytes.fill(0xa5, line, line + 5000);
      }),
    atLeast: COUNT - 7,
  },
  {
    name: "sqlite with a bit of a value flipped",
    settings: sqlite,
    damage: (folder) => change(join(folder, "db"), flip),
    atLeast: COUNT - 1,
  },
  {
    name: "sqlite with a damaged page",
    settings: sqlite,
    damage: (folder) =>
      change(join(folder, "db"), (bytes) => {
        const page = bytes.lastIndexOf("value 250 ");
        bytes.fill(0xa5, page - (page % 4096), page - (page % 4096) + 512);
      }),
    atLeast: COUNT - 20,
  },
  {
    name: "lmdb with a bit of a value flipped",
    settings: (folder) => ({ backend: "lmdb", lmdb: { path: join(folder, "lmdb") } }),
    damage: (folder) => change(join(folder, "lmdb/data-1/data.mdb"), flip),
    atLeast: COUNT - 1,
  },
  {
    name: "directory with a bit of a file flipped",
    settings: (folder) => ({ backend: "directory", directory: { path: join(folder, "store") } }),
    damage: (folder) => change(join(folder, "store/@root/key%3a0250.json"), flip),
    atLeast: COUNT - 1,
  },
];

describe("verify with repair, of files that are damaged", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-repair-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const { name, settings, salvaging, damage, atLeast } of DAMAGES) {
    it(`salvages everything else from ${name}, and nothing that is not what was written`, async () => {
      const storage = await openStorage(settings(folder));
      await storage.setBatch(ctx, values);
      if (salvaging !== undefined) await storage.compact(ctx);
      await storage.stop();
      await damage(folder);
      await using damaged = await openStorage((salvaging ?? settings)(folder), { warn: () => undefined });
      await using into = await openStorage();
      const { ok, repair } = await damaged.verify(ctx, { repair: { into } });
      expect(ok).to.equal(false);
      const salvaged = await into.find(ctx, "*");
      expect(salvaged.size)
        .to.equal(repair?.salvaged)
        .and.to.be.within(atLeast, COUNT - 1);
      for (const [key, value] of salvaged) expect(value, key).to.equal(values.get(key));
      expect(repair?.lostParts).to.be.above(0);
      if (atLeast === COUNT - 1) expect(repair?.lost.map(({ key }) => key)).to.deep.equal([FLIPPED]);
      expect((await into.verify(ctx)).ok).to.equal(true);
    });
  }
});
