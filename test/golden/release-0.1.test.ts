import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { background, copyStorage, openStorage, type Change } from "../../src/index.js";
import { thrownBy } from "../plugin/backup/backup-rig.js";
import { missing } from "../support/fixtures.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";
import { openTapped } from "../support/tapped-store.js";
import {
  expectContent,
  expectHalf,
  expectMore,
  GOLDEN_KEY,
  inBrief,
  KEPT_LOG,
  LOGGED,
  NAMES,
  SEALED,
  writeMore,
} from "./release-content.js";
import { GOLDEN_KINDS, type LoadedStore } from "./release-places.js";
import { recordOf, type StoreRecord } from "./release-record.js";

const ctx = background();
const KEPT = fileURLToPath(new URL("release-0.1/", import.meta.url));

const WRONG_KEY = { code: 5003, reason: "wrong-key" };

/** The key of what is sealed is there while the tests of a suite run. */
function withKey(): void {
  before(() => {
    process.env[GOLDEN_KEY.name] = GOLDEN_KEY.text;
  });
  after(() => {
    delete process.env[GOLDEN_KEY.name];
  });
}

async function recordOfKind(name: string): Promise<StoreRecord> {
  const records = JSON.parse(await readFile(join(KEPT, "records.json"), "utf8")) as Record<
    string,
    StoreRecord
  >;
  return records[name === "redis cluster" ? "redis" : name] as StoreRecord;
}

for (const kind of GOLDEN_KINDS) {
  describe(`golden stores of version 0.1: ${kind.name}`, () => {
    withKey();
    let loaded: LoadedStore;
    let record: StoreRecord;

    beforeEach(async function () {
      const store = await kind.load(join(KEPT, kind.kept));
      if (store === undefined) return missing(this, kind.needs as string);
      loaded = store;
      record = await recordOfKind(kind.name);
    });
    afterEach(() => loaded?.remove());

    const open = () => openStorage({ ...loaded.settings, ...KEPT_LOG, ...SEALED });

    it("holds the entries, positions and changes that were written", async () => {
      const { storage, backend } = await openTapped({ ...loaded.settings, ...KEPT_LOG, ...SEALED });
      const found: unknown = JSON.parse(JSON.stringify(await recordOf(backend)));
      await storage.stop();
      expect(found).to.deep.equal(record);
    });

    it("shows users what it showed, is whole, and copies into another store", async () => {
      await using store = await open();
      await expectContent(store);
      expect(await store.verify(ctx)).to.deep.include({ ok: true, orphans: 0, problems: [] });
      await using copy = await openStorage({ backend: "memory" });
      await copyStorage(ctx, store, copy);
      await expectContent(copy);
    });

    it("tells a watch what happened after an old position, and what happens now", async () => {
      await using store = await open();
      const log = store.namespace("log");
      const expected = kind.keepsLog ? LOGGED : ["gap"];
      const told = await take(log.watch(ctx, "*", { after: "0." }), expected.length);
      expect(told.map(inBrief)).to.deep.equal(expected);
      for (const [i, { position }] of told.entries()) {
        const isWithin = told[i + 1]?.position === position;
        const rest = isWithin
          ? []
          : await take(log.watch(ctx, "*", { after: position }), expected.length - i - 1);
        if (!isWithin) expect(rest.map(inBrief)).to.deep.equal(expected.slice(i + 1));
      }
      await log.set(ctx, "now", 1);
      const last = told.at(-1) as Change;
      expect((await take(log.watch(ctx, "*", { after: last.position }), 1)).map(inBrief)).to.deep.equal([
        "set now 1",
      ]);
    });

    it("takes what is written, and compacts", async () => {
      const tables = await loaded.tables?.();
      {
        await using store = await open();
        await writeMore(store);
        await store.compact(ctx);
        await expectMore(store);
      }
      const keys = { ...SEALED.encryption, plain: "refuse" } as const;
      await using again = await openStorage({ ...loaded.settings, ...KEPT_LOG, encryption: keys });
      await expectMore(again);
      expect(await again.verify(ctx)).to.deep.include({ ok: true, problems: [] });
      // A table under another name would be a new one, which older processes do not lock or look at.
      expect(await loaded.tables?.()).to.deep.equal(tables);
    });

    it("says which key it lacks", async () => {
      await using store = await openStorage(loaded.settings);
      const sealed = store.namespace("sealed/ä");
      expect(await thrownBy(sealed.get(ctx, "value"))).to.include(WRONG_KEY);
      expect(await thrownBy(sealed.list("list").lrange(ctx, 0, -1))).to.include(WRONG_KEY);
      expect(await store.get(ctx, "compressed")).to.equal("b".repeat(500));
    });
  });
}

describe("golden backups of version 0.1, gzipped, with encrypted values", () => {
  withKey();
  const FULL = join(KEPT, "backups", "full");
  const INCREMENTAL = join(KEPT, "backups", "incremental");
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-golden-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Stores of the oldest and the newest kind of file, and one that keeps nothing. */
  const targets = () => [
    { backend: "memory" },
    { backend: "file", file: { path: join(folder, "store.json") } },
    { backend: "sqlite", sqlite: { path: join(folder, "store.db") } },
  ];

  it("are checked and told of without a change", async () => {
    await using store = await openStorage({ backend: "memory", ...SEALED });
    for (const [path, records, names] of [
      [FULL, 53, ["", "cleared", "keys", "sealed/ä"]],
      [INCREMENTAL, 59, [...NAMES, "fading"].sort()],
    ] as const) {
      const { id, createdAt } = await manifestHead(path);
      const told = await store.restore(ctx, path, { dryRun: true });
      const checked = { id, createdAt: new Date(createdAt), namespaces: names, records, occupied: [] };
      expect(told).to.deep.equal(checked);
      expect(await store.listNamespaces(ctx)).to.deep.equal([]);
    }
  });

  it("are restored to what they held, whole", async () => {
    for (const settings of targets()) {
      await using store = await openStorage({ ...settings, ...SEALED });
      await store.restore(ctx, INCREMENTAL);
      await expectContent(store);
      expect(await store.verify(ctx)).to.deep.include({ ok: true, orphans: 0, problems: [] });
      await writeMore(store);
      await expectMore(store);
      await store.restore(ctx, FULL, { replace: true });
      await expectHalf(store);
    }
  });

  it("are refused without the key, before anything is written", async () => {
    await using store = await openStorage({ backend: "memory" });
    for (const path of [FULL, INCREMENTAL]) {
      expect(await thrownBy(store.restore(ctx, path))).to.include(WRONG_KEY);
      expect(await store.listNamespaces(ctx)).to.deep.equal([]);
    }
    await store.restore(ctx, INCREMENTAL, { namespace: { from: "keys", to: "" } });
    expect(await store.count(ctx)).to.equal(12);
  });

  it("are gone on from, by the log of the store that they are of", async () => {
    for (const name of ["full", "incremental"])
      await cp(join(KEPT, "backups", name), join(folder, name), { recursive: true });
    await cp(join(KEPT, "sqlite"), folder, { recursive: true });
    const path = join(folder, "next");
    {
      await using store = await openStorage({
        backend: "sqlite",
        sqlite: { path: join(folder, "store.db") },
        ...KEPT_LOG,
        ...SEALED,
      });
      await writeMore(store);
      const made = await store.backup(ctx, path, { base: join(folder, "incremental") });
      expect(made.namespaces.map(({ source }) => source)).to.deep.equal(made.namespaces.map(() => "log"));
    }
    await using restored = await openStorage({ backend: "memory", ...SEALED });
    await restored.restore(ctx, path);
    await expectMore(restored);
  });
});

async function manifestHead(path: string): Promise<{ readonly id: string; readonly createdAt: string }> {
  const [line] = (await readFile(join(path, "manifest.ndjson"), "utf8")).split("\n");
  return JSON.parse(line as string) as { readonly id: string; readonly createdAt: string };
}

/** The first changes of a watch, which is left then. */
async function take(watch: AsyncIterable<Change>, count: number): Promise<readonly Change[]> {
  const found: Change[] = [];
  if (count > 0) for await (const change of watch) if (found.push(change) === count) break;
  return found;
}
