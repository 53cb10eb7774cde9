import { expect } from "chai";
import { background, defaultBackends, openStorage, type StoragePlugin } from "../../src/index.js";
import type { BackendSetup, Batch, Put, Write } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import { itemKey } from "../../src/core/incarnation.js";
import { KIND } from "../../src/core/key.js";
import { prefixRange } from "../../src/core/range.js";
import { FILL_MARKER } from "../../src/plugin/marks.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { fileHarness } from "../stack/store-harness.js";
import { turn } from "../support/event-loop-turns.js";

const ctx = background();
const ID = "i".repeat(22);
const TTL_MS = 1000;
/** Until the sweep at the latest. */
const SWEPT_MS = 1500;
/** Until what was swept is looked at. */
const LOOKED_MS = 5000;

interface Opened {
  readonly storage: StoragePlugin;
  readonly faults: FaultBackend;
  readonly runtime: FakeRuntime;
  /** Tells of what the backend has swept. */
  readonly expired: NonNullable<BackendSetup["expired"]>;
  /** Items that the backend holds. */
  readonly items: (namespace?: string) => Promise<number>;
}

async function opened(): Promise<Opened> {
  const runtime = new FakeRuntime();
  let faults!: FaultBackend;
  let expired!: Opened["expired"];
  const backends = defaultBackends().with("faulty", async () => (setup) => {
    faults = new FaultBackend(memoryBackend(setup));
    expired = setup.expired as Opened["expired"];
    return faults;
  });
  const storage = await openStorage({ backend: "faulty", ttl_cleanup_interval: "1s" }, { backends, runtime });
  return { storage, faults, runtime, expired, items: (namespace = "") => countItems(faults, namespace) };
}

async function countItems(faults: FaultBackend, namespace: string): Promise<number> {
  let count = 0;
  const pages = faults.scan(ctx, namespace, prefixRange(KIND.item), { want: "count" });
  for await (const page of pages) count += page.count;
  return count;
}

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

  it("are dropped when a sweep has removed the head that a process wrote which is gone", async () => {
    const { storage, faults, runtime, items } = await opened();
    const others = storage.namespace("other");
    await writeList(faults, "", "list");
    await writeList(faults, "other", "list", "o".repeat(22));
    await others.list("kept").rpush(ctx, 1);
    await runtime.advance(TTL_MS);
    expect([await items(), await items("other")]).to.deep.equal([3, 4]);
    await runtime.advance(SWEPT_MS + LOOKED_MS);
    await until(async () => (await items()) + (await items("other")) === 1);
    expect([await items(), await items("other")]).to.deep.equal([0, 1]);
    await storage.stop();
  });

  it("are dropped on closing when a sweep has just removed the head", async () => {
    const { storage, faults, runtime, items } = await opened();
    await writeList(faults, "", "list");
    await runtime.advance(TTL_MS + SWEPT_MS);
    const closing = faults.hold("commit", "after");
    const stopped = storage.stop();
    await closing.reached;
    expect(await items()).to.equal(0);
    closing.release();
    await stopped;
  });

  it("are dropped on closing also when the sweep was part of a commit that dropped others", async () => {
    const { storage, faults, runtime, items, expired } = await opened();
    await writeList(faults, "", "list");
    await writeList(faults, "", "other", "o".repeat(22));
    await faults.commit([batch("", [{ kind: "delete", key: "other" }])]);
    await runtime.advance(TTL_MS + SWEPT_MS);
    const [first, second] = [faults.hold("commit", "after"), faults.hold("commit", "after")];
    const stopped = storage.stop();
    await first.reached;
    expired("", [{ key: "other", incarnation: "o".repeat(22) }]);
    first.release();
    await second.reached;
    expect(await items()).to.equal(0);
    second.release();
    await stopped;
  });

  it("stay while others fill the namespace, whose head is still to come, and go after that", async () => {
    const { storage, faults, runtime, items } = await opened();
    await writeList(faults, "", "list");
    await put(faults, "", FILL_MARKER);
    await runtime.advance(TTL_MS + SWEPT_MS + 10_000);
    expect(await items()).to.equal(3);
    await faults.commit([batch("", [{ kind: "delete", key: FILL_MARKER }])]);
    await runtime.advance(LOOKED_MS);
    await until(async () => (await items()) === 0);
    expect(await items()).to.equal(0);
    await storage.stop();
  });

  it("stay when a copy has brought the head back since it was swept", async () => {
    const { storage, faults, runtime, items } = await opened();
    await writeList(faults, "", "list");
    await runtime.advance(TTL_MS + SWEPT_MS);
    await put(faults, "", "list", { type: ENTRY_TYPE.list, incarnation: ID });
    await runtime.advance(LOOKED_MS);
    await until(async () => (await items()) === 0);
    expect(await items()).to.equal(3);
    await storage.stop();
  });

  for (const [what, key, head] of [
    ["the head comes back", "list", { type: ENTRY_TYPE.list, incarnation: ID }],
    ["somebody begins to fill the namespace", FILL_MARKER, {}],
  ] as const) {
    it(`stay when ${what} between the look and the commit that drops them`, async () => {
      const { storage, faults, runtime, items } = await opened();
      await writeList(faults, "", "list");
      await runtime.advance(TTL_MS + SWEPT_MS);
      await putAfterLook(faults, runtime, key, head);
      await until(async () => (await items()) === 0);
      expect(await items()).to.equal(3);
      await storage.stop();
    });
  }

  it("go although another entry took the place of one head between the look and the commit", async () => {
    const { storage, faults, runtime, items } = await opened();
    await writeList(faults, "", "list");
    await writeList(faults, "", "other", "o".repeat(22));
    await runtime.advance(TTL_MS + SWEPT_MS);
    await putAfterLook(faults, runtime, "list");
    await until(async () => (await items()) === 3);
    expect(await items(), "those of the one that nobody has touched").to.equal(3);
    await runtime.advance(LOOKED_MS);
    await until(async () => (await items()) === 0);
    expect(await items()).to.equal(0);
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

  it("are left by a compact when somebody begins to fill the namespace meanwhile", async () => {
    const { storage, faults, items } = await opened();
    await storage.list("list").rpush(ctx, 1, 2);
    await forgetHead(faults, "");
    const dropping = faults.hold("commit", "before");
    const compacted = storage.compact(ctx);
    await dropping.reached;
    await put(faults, "", FILL_MARKER);
    dropping.release();
    await compacted;
    expect(await items()).to.equal(2);
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
  await faults.commit([batch(namespace, [{ kind: "delete", key: "list" }])]);
}

/** As another process does: a list of three items with a time to live. */
async function writeList(faults: FaultBackend, namespace: string, key: string, id = ID): Promise<void> {
  const items = ["1", "2", "3"].map((place) => putOf(itemKey(id, place), { type: ENTRY_TYPE.part }));
  const head = putOf(key, { type: ENTRY_TYPE.list, incarnation: id, expiry: { in: TTL_MS } });
  await faults.commit([batch(namespace, [...items, head])]);
}

async function put(
  faults: FaultBackend,
  namespace: string,
  key: string,
  parts: Partial<Put> = {},
): Promise<void> {
  await faults.commit([batch(namespace, [putOf(key, parts)])]);
}

/** Lets what was swept be looked at, and puts an entry there before what was seen is acted upon. */
async function putAfterLook(
  faults: FaultBackend,
  runtime: FakeRuntime,
  key: string,
  parts: Partial<Put> = {},
): Promise<void> {
  const look = faults.hold("read", "after");
  const looked = runtime.advance(LOOKED_MS);
  await look.reached;
  await put(faults, "", key, parts);
  look.release();
  await looked;
}

function putOf(key: string, parts: Partial<Put>): Put {
  return { kind: "put", key, type: ENTRY_TYPE.value, codec: 1, data: "[0,3]", expiry: undefined, ...parts };
}

function batch(namespace: string, writes: readonly Write[]): Batch {
  nextId += 1;
  return { id: `killed${nextId}`, ctx, namespace, checks: [], ranges: [], writes };
}
