import { expect } from "chai";
import { background, defaultBackends, openStorage, type StoragePlugin } from "../../src/index.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { KIND } from "../../src/core/key.js";
import { prefixRange } from "../../src/core/range.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { fileHarness } from "../stack/store-harness.js";

const ctx = background();

interface Opened {
  readonly storage: StoragePlugin;
  readonly faults: FaultBackend;
  readonly runtime: FakeRuntime;
  /** Items that the backend holds. */
  readonly items: (namespace?: string) => Promise<number>;
}

async function opened(): Promise<Opened> {
  const runtime = new FakeRuntime();
  let faults!: FaultBackend;
  const backends = defaultBackends().with("faulty", async () => (setup) => {
    faults = new FaultBackend(memoryBackend(setup));
    return faults;
  });
  const storage = await openStorage({ backend: "faulty" }, { backends, runtime });
  return { storage, faults, runtime, items: (namespace = "") => countItems(faults, namespace) };
}

async function countItems(faults: FaultBackend, namespace: string): Promise<number> {
  let count = 0;
  const pages = faults.scan(ctx, namespace, prefixRange(KIND.item), { want: "count" });
  for await (const page of pages) count += page.count;
  return count;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000 && !(await holds()); i++) await turn();
}

describe("the items of structures that are gone", () => {
  const ends: [how: string, end: (storage: StoragePlugin) => Promise<unknown>][] = [
    ["delete", (storage) => storage.delete(ctx, "list")],
    ["deleteBatch", (storage) => storage.deleteBatch(ctx, ["list", "other"])],
    ["set", (storage) => storage.set(ctx, "list", 1)],
    ["setBatch", (storage) => storage.setBatch(ctx, { list: 1 })],
    ["a transaction", (storage) => storage.transact(ctx, async (tx) => void (await tx.delete("list")))],
    [
      "a new one in its place",
      (storage) =>
        storage.transact(ctx, async (tx) => {
          await tx.delete("list");
          await tx.hash("list").hset("field", 1);
        }),
    ],
  ];
  for (const [how, end] of ends) {
    it(`are dropped after ${how}`, async () => {
      const { storage, items } = await opened();
      await storage.list("list").rpush(ctx, ...Array.from({ length: 5000 }, (_, i) => i));
      await storage.hash("kept").hset(ctx, { a: 1, b: 2 });
      expect(await items()).to.equal(5002);
      await end(storage);
      const left = how === "a new one in its place" ? 3 : 2;
      await until(async () => (await items()) === left);
      expect(await items()).to.equal(left);
      expect(await storage.hash("kept").hlen(ctx)).to.equal(2);
      await storage.stop();
    });
  }

  it("are dropped in the commit that empties it", async () => {
    const { storage, items } = await opened();
    await storage.list("list").rpush(ctx, 1, 2, 3);
    await storage.list("list").ltrim(ctx, 5, 9);
    expect(await items()).to.equal(0);
    await storage.stop();
  });

  it("are dropped some time after it has expired, also when another took its place", async () => {
    const { storage, runtime, items } = await opened();
    for (const key of ["a", "b", "kept", "longer"]) {
      await storage.list(key).rpush(ctx, 1, 2);
      await storage.expire(ctx, key, "1m");
    }
    await storage.expire(ctx, "longer", "1h");
    await storage.persist(ctx, "kept");
    await runtime.advance(60_000);
    expect(await storage.exists(ctx, "a")).to.equal(false);
    await storage.set(ctx, "b", "plain");
    await runtime.advance(10_000);
    await until(async () => (await items()) === 4);
    expect(await items()).to.equal(4);
    expect(await storage.list("kept").lrange(ctx, 0, -1)).to.deep.equal([1, 2]);
    expect(await storage.list("longer").lrange(ctx, 0, -1)).to.deep.equal([1, 2]);
    await storage.stop();
  });

  it("are left when they cannot be dropped, counted by verify and dropped by compact", async () => {
    const { storage, faults, items } = await opened();
    await storage.namespace("other").list("list").rpush(ctx, 1, 2);
    await storage.list("list").rpush(ctx, 1, 2);
    await storage.list("kept").rpush(ctx, 1);
    for (const name of ["", "other"]) await forgetHead(faults, name);
    expect(await storage.list("list").lrange(ctx, 0, -1)).to.deep.equal([]);
    expect(await storage.verify(ctx)).to.include({ ok: true, orphans: 2 });
    await storage.compact(ctx);
    expect([await items(), await items("other")]).to.deep.equal([1, 0]);
    expect(await storage.verify(ctx)).to.include({ ok: true, orphans: 0 });
    await storage.stop();
  });

  it("are dropped before the store is closed", async () => {
    const harness = fileHarness("file", { max_entries: 100 });
    const settings = await harness.settings();
    const storage = await openStorage(settings);
    await storage.list("list").rpush(ctx, ...Array.from({ length: 5000 }, (_, i) => i));
    await storage.delete(ctx, "list");
    await storage.stop();
    const again = await openStorage(settings);
    expect(await again.verify(ctx)).to.include({ ok: true, entries: 0, orphans: 0 });
    await again.stop();
    await harness.destroy?.(settings);
  });
});

let nextId = 0;

/** As a process does that is killed before it has dropped the items. */
async function forgetHead(faults: FaultBackend, namespace: string): Promise<void> {
  nextId += 1;
  const writes = [{ kind: "delete", key: "list" }] as const;
  await faults.commit([{ id: `killed${nextId}`, ctx, namespace, checks: [], ranges: [], writes }]);
}
