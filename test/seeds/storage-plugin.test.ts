import { expect } from "chai";
import * as root from "../../src/index.js";
import { background, openStorage, StorageError, type StoragePlugin } from "../../src/index.js";
import type { StorageHarness } from "../../src/testing/storage-suite.js";
import { fileHarness, memoryHarness } from "../stack/store-harness.js";

const ctx = background();

const CONFIGURATIONS: readonly StorageHarness[] = [
  memoryHarness("memory", { max_entries: 1000 }),
  memoryHarness("memory without a cache", { max_entries: 0 }),
  memoryHarness("memory with frozen values", { max_entries: 1000, values: "frozen" }),
  memoryHarness("memory with a cache of two entries", { max_entries: 2 }),
  fileHarness("file", { max_entries: 1000 }),
  fileHarness("file without a cache", { max_entries: 0 }),
  fileHarness("file with frozen values", { max_entries: 1000, values: "frozen" }),
  fileHarness("file with a cache of two entries", { max_entries: 2 }),
];

describe("the examples of the storage plugin's source document", () => {
  for (const harness of CONFIGURATIONS) describe(`over ${harness.name}`, () => examples(harness));

  it("open a store from its configuration, key by key", async () => {
    const harness = fileHarness("file", { max_entries: 1000 });
    const settings = await harness.settings();
    const written = {
      backend: "file",
      file_path: (settings.file as { path: string }).path,
      cache_size: 1000,
      ttl_cleanup_interval: "5m",
    };
    const storage = await openStorage(written);
    expect((await storage.getCacheStats(ctx)).maxSize).to.equal(1000);
    await storage.set(ctx, "kept", 1);
    await storage.stop();
    const again = await openStorage(written);
    expect(await again.get(ctx, "kept")).to.equal(1);
    await again.stop();
    await harness.destroy?.(settings);
  });
});

function examples(harness: StorageHarness): void {
  let settings: root.StorageSettings;
  let storage: StoragePlugin;

  beforeEach(async () => {
    settings = await harness.settings();
    storage = await openStorage(settings);
  });

  afterEach(async () => {
    await storage.stop();
    await harness.destroy?.(settings);
  });

  it("the basic calls", async () => {
    const userData = { name: "Ann", visits: [1, 2] };
    await storage.set(ctx, "user:123", userData, "1h");
    const value = await storage.get(ctx, "user:123");
    const exists = await storage.exists(ctx, "user:123");
    expect(value).to.deep.equal(userData);
    expect(exists).to.equal(true);
    await storage.delete(ctx, "user:123");
    expect(await storage.exists(ctx, "user:123")).to.equal(false);
  });

  it("batches", async () => {
    const data = { key1: "value1", key2: "value2" };
    await storage.setBatch(ctx, data);
    const results = await storage.getBatch(ctx, ["key1", "key2"]);
    expect(Object.fromEntries(results)).to.deep.equal(data);
    await storage.deleteBatch(ctx, ["key1", "key2"]);
    expect(await storage.count(ctx, "*")).to.equal(0);
  });

  it("a transaction that is rolled back unless it was committed", async () => {
    await using tx = await storage.beginTransaction(ctx);
    await tx.set("key1", "value1");
    await tx.set("key2", "value2");
    await tx.commit();
    expect(await storage.keys(ctx, "key?")).to.deep.equal(["key1", "key2"]);
  });

  it("a transaction that fails half-way leaves nothing", async () => {
    const work = async () => {
      const tx = await storage.beginTransaction(ctx);
      try {
        await tx.set("key1", "value1");
        await tx.set("key2", () => "no value");
        await tx.commit();
      } finally {
        await tx.rollback();
      }
    };
    const error = await work().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StorageError).and.include({ code: root.ErrStorageWriteFailed });
    expect(await storage.count(ctx, "*")).to.equal(0);
  });

  it("queries", async () => {
    await storage.setBatch(ctx, { "user:1": 1, "user:2": 2, other: 3 });
    expect(Object.fromEntries(await storage.find(ctx, "user:*"))).to.deep.equal({ "user:1": 1, "user:2": 2 });
    expect(await storage.count(ctx, "user:*")).to.equal(2);
    expect(await storage.keys(ctx, "*")).to.deep.equal(["other", "user:1", "user:2"]);
  });

  it("the cache", async () => {
    await storage.set(ctx, "a", 1);
    await storage.get(ctx, "a");
    const isOn = harness.cacheEntries > 0;
    expect(await storage.getCacheStats(ctx)).to.include({ enabled: isOn, hits: isOn ? 1 : 0 });
    await storage.clearCache(ctx);
    expect(await storage.getCacheStats(ctx)).to.include({ hits: 0, size: 0 });
    expect(await storage.get(ctx, "a")).to.equal(1);
  });

  it("an absent key", async () => {
    const error = await storage.get(ctx, "absent").catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: root.ErrStorageNotFound, reason: "absent" });
  });
}
