import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { thrownBy } from "../../plugin/backup/backup-rig.js";

const ctx = background();
const HERE = fileURLToPath(new URL(".", import.meta.url));
const KEY = { name: "HOLDFAST_GOLDEN_KEY", text: "7c".repeat(32) };
const SEALED: StorageSettings = { encryption: { keys: [{ id: "golden", env: KEY.name }] } };

const KINDS: Readonly<Record<string, (folder: string) => StorageSettings>> = {
  file: (folder) => ({ file: { path: join(folder, "store.json") } }),
  directory: (folder) => ({ directory: { path: folder } }),
  sqlite: (folder) => ({ sqlite: { path: join(folder, "store.db") } }),
  lmdb: (folder) => ({ lmdb: { path: folder } }),
};

/**
 * Stores as version 0.1 wrote them, with structures and values in every form, some of them compressed and encrypted: what
 * users see of them stays what it was, for ever.
 */
describe("golden files: stores of version 0.1 with structures and sealed values", () => {
  let folder: string;

  before(() => {
    process.env[KEY.name] = KEY.text;
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  after(() => {
    delete process.env[KEY.name];
  });

  for (const [backend, settings] of Object.entries(KINDS)) {
    const open = (more: StorageSettings = {}) => openStorage({ backend, ...settings(folder), ...more });

    it(`${backend} holds what it held, and takes what is written`, async () => {
      await cp(join(HERE, backend), folder, { recursive: true });
      {
        await using store = await open(SEALED);
        await expectContent(store);
        expect(await store.verify(ctx)).to.deep.include({ ok: true, orphans: 0, problems: [] });
        await store.list("list").rpush(ctx, "later");
        await store.namespace("sealed/ä").hash("hash").hset(ctx, "later", 1);
        expect(await store.rekey(ctx)).to.include({ ok: true });
      }
      await using again = await open(SEALED);
      expect(await again.list("list").lrange(ctx, 0, -1)).to.deep.equal(["a", "b", { c: 1 }, "later"]);
      expect(await again.namespace("sealed/ä").hash("hash").hkeys(ctx)).to.deep.equal(["f", "later"]);
    });

    it(`${backend} says which key it lacks`, async () => {
      await cp(join(HERE, backend), folder, { recursive: true });
      await using store = await open();
      const sealed = store.namespace("sealed/ä");
      for (const call of [sealed.get(ctx, "value"), sealed.list("list").lrange(ctx, 0, -1)]) {
        const error = (await thrownBy(call)) as Error;
        expect(error).to.include({ code: 5003, reason: "wrong-key" });
        expect(error.message).to.include('"golden"');
      }
      expect(await store.get(ctx, "compressed")).to.equal("b".repeat(300));
    });
  }
});

async function expectContent(store: StoragePlugin): Promise<void> {
  expect(await store.listNamespaces(ctx)).to.deep.equal(["", "sealed/ä"]);
  const values = { bytes: new Uint8Array([0, 255]), compressed: "b".repeat(300), counter: 42, date: new Date(0) };
  expect(Object.fromEntries(await store.find(ctx, "*"))).to.deep.equal({
    ...values,
    lives: 1,
    plain: { a: [1, "ü"] },
  });
  expect(await store.keys(ctx)).to.deep.equal([...Object.keys(values), "hash", "list", "lives", "plain"]);
  expect(await store.ttl(ctx, "lives")).to.be.above(1_000_000_000_000);
  expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal(["a", "b", { c: 1 }]);
  expect([...(await store.hash("hash").hgetall(ctx))]).to.deep.equal([["one", 1], ["two", [2]]]);
  expect(await store.counter("counter").get(ctx)).to.equal(42);
  const sealed = store.namespace("sealed/ä");
  expect(Object.fromEntries(await sealed.find(ctx, "*"))).to.deep.equal({
    long: "a".repeat(500),
    value: { said: "secret" },
  });
  expect(await sealed.list("list").lrange(ctx, 0, -1)).to.deep.equal([1, "two"]);
  expect(await sealed.hash("hash").hget(ctx, "f")).to.deep.equal(new Map([["k", 1n]]));
}
