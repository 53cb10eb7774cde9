import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import { withCancel } from "../../core/context.js";
import { NO_CACHE } from "../../observability/cache-stats.js";
import type { StoragePlugin } from "../../plugin/storage-plugin.js";
import { rejects } from "./storage-assertions.js";
import { cacheTruthCases } from "./cache-truth-cases.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** The cache as users see it: statistics, staleness that must not be, loads that are shared. */
export function cacheCases(list: StorageCaseList): void {
  list.topic("the cache", () => {
    if (list.harness.cacheEntries === 0) disabledCases(list);
    else {
      countCases(list);
      boundCases(list);
      flightCases(list);
    }
    cacheTruthCases(list);
  });
}

function disabledCases(list: StorageCaseList): void {
  list.it("says that it is turned off", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.get(ctx, "a");
    assert.deepEqual(await store.getCacheStats(ctx), NO_CACHE);
    await store.clearCache(ctx);
    assert.equal((await store.getCacheStats(ctx)).enabled, false);
    assert.equal(await store.get(ctx, "a"), 1);
  });
}

async function counts(store: StoragePlugin, ctx: Context) {
  const { hits, misses, size, loads, coalesced, expirations, evictions } = await store.getCacheStats(ctx);
  return { hits, misses, size, loads, coalesced, expirations, evictions };
}

const NONE = { hits: 0, misses: 0, size: 0, loads: 0, coalesced: 0, expirations: 0, evictions: 0 };

function countCases(list: StorageCaseList): void {
  list.it("counts two hits and one entry for two gets after a set", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.get(ctx, "a");
    await store.get(ctx, "a");
    const stats = await store.getCacheStats(ctx);
    assert.equal(stats.enabled, true);
    assert.equal(stats.hits, 2);
    assert.equal(stats.misses, 0);
    assert.equal(stats.size, 1);
    assert.equal(stats.hitRate, 1);
    assert.equal(stats.maxSize, list.harness.cacheEntries);
    assert.ok(stats.bytes > 0);
  });

  list.it("begins with nothing counted", async ({ store, ctx }) => {
    assert.deepEqual(await counts(store, ctx), NONE);
    assert.equal((await store.getCacheStats(ctx)).hitRate, 0);
  });

  for (const [operation, read] of COUNTED) {
    list.it(`counts ${operation}: a miss, then a hit`, async ({ store, ctx }) => {
      await store.set(ctx, "a", 1);
      await store.clearCache(ctx);
      await read(store, ctx);
      assert.deepEqual(await counts(store, ctx), { ...NONE, misses: 1, loads: 1, size: 1 });
      await read(store, ctx);
      assert.deepEqual(await counts(store, ctx), { ...NONE, hits: 1, misses: 1, loads: 1, size: 1 });
    });
  }

  for (const [operation, act] of UNCOUNTED) {
    list.it(`does not count ${operation}`, async (rig) => {
      await rig.store.setBatch(rig.ctx, { a: 1, b: 2 });
      await act(rig);
      const { hits, misses } = await rig.store.getCacheStats(rig.ctx);
      assert.deepEqual({ hits, misses }, { hits: 0, misses: 0 });
    });
  }

  list.it("counts each key of a batch", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.getBatch(ctx, ["a", "x"]);
    assert.deepEqual(await counts(store, ctx), { ...NONE, hits: 1, misses: 1, loads: 1, size: 1 });
    await store.getBatch(ctx, ["a", "x"]);
    const { hits, misses } = await counts(store, ctx);
    assert.deepEqual({ hits, misses }, { hits: 3, misses: 1 });
  });

  list.it("answers an absence from the cache, as a hit that is no entry", async ({ store, ctx }) => {
    assert.equal(await store.exists(ctx, "absent"), false);
    await rejects(() => store.get(ctx, "absent"), "absent");
    assert.equal(await store.getOr(ctx, "absent", 1), 1);
    assert.deepEqual(await counts(store, ctx), { ...NONE, hits: 2, misses: 1, loads: 1 });
  });

  list.it("knows a deleted key to be absent", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.delete(ctx, "a");
    assert.equal(await store.exists(ctx, "a"), false);
    assert.deepEqual(await counts(store, ctx), { ...NONE, hits: 1 });
  });

  list.it("empties and zeroes everything with clearCache", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.get(ctx, "a");
    await store.getOr(ctx, "x", 0);
    await store.clearCache(ctx);
    assert.deepEqual(await counts(store, ctx), NONE);
    assert.equal((await store.getCacheStats(ctx)).bytes, 0);
    assert.equal(await store.get(ctx, "a"), 1);
  });

  list.it("keeps exported counters counting through clearCache", async ({ store, ctx }) => {
    await store.set(ctx, "a", 1);
    await store.get(ctx, "a");
    await store.clearCache(ctx);
    await store.get(ctx, "a");
    await store.get(ctx, "a");
    const figure = (name: string) => store.metrics().find((metric) => metric.name === name)?.value;
    assert.equal(figure("holdfast_cache_hits_total"), 2);
    assert.equal(figure("holdfast_cache_misses_total"), 1);
    assert.equal(figure("holdfast_cache_entries"), 1);
  });

  list.it("counts an entry that expired where it lay", async (rig) => {
    await rig.store.set(rig.ctx, "a", 1, 10);
    await rig.passEverywhere(10);
    assert.equal(await rig.store.exists(rig.ctx, "a"), false);
    assert.deepEqual(await counts(rig.store, rig.ctx), { ...NONE, misses: 1, loads: 1, expirations: 1 });
  });
}

const COUNTED: readonly [
  operation: string,
  read: (store: StoragePlugin, ctx: Context) => Promise<unknown>,
][] = [
  ["get", (store, ctx) => store.get(ctx, "a")],
  ["getOr", (store, ctx) => store.getOr(ctx, "a", 0)],
  ["getEntry", (store, ctx) => store.getEntry(ctx, "a")],
  ["exists", (store, ctx) => store.exists(ctx, "a")],
  ["getBatch", (store, ctx) => store.getBatch(ctx, ["a"])],
];

const UNCOUNTED: readonly [operation: string, act: (rig: StorageRig) => Promise<unknown>][] = [
  ["reads inside a transaction", readInTransaction],
  [
    "find, keys and count",
    ({ store, ctx }) => Promise.all([store.find(ctx, "*"), store.keys(ctx), store.count(ctx)]),
  ],
  [
    "ttl and type",
    ({ store, ctx }) => Promise.all([store.ttl(ctx, "a"), store.type(ctx, "a"), store.ttl(ctx, "x")]),
  ],
  [
    "expire and persist",
    ({ store, ctx }) => Promise.all([store.expire(ctx, "a", "1h"), store.persist(ctx, "b")]),
  ],
  ["writes", ({ store, ctx }) => Promise.all([store.set(ctx, "a", 3), store.delete(ctx, "b")])],
  ["reads with strong consistency", ({ store, strong }) => store.getBatch(strong, ["a", "b", "x"])],
];

function readInTransaction({ store, ctx }: StorageRig): Promise<void> {
  return store.transact(ctx, async (tx) => {
    await tx.get("a");
    await tx.getOr("x", 0);
    await tx.exists("b");
    await tx.getBatch(["a", "b", "y"]);
    await tx.set("a", 2);
    await tx.get("a");
  });
}

function boundCases(list: StorageCaseList): void {
  const most = list.harness.cacheEntries;
  list.it(`holds at most ${most} entries, the ones used last`, async ({ store, ctx }) => {
    const keys = Array.from({ length: most + 3 }, (_, i) => `key:${i}`);
    for (const key of keys) await store.set(ctx, key, key);
    const { size, evictions } = await store.getCacheStats(ctx);
    assert.deepEqual({ size, evictions }, { size: most, evictions: 3 });
    await store.get(ctx, keys.at(-1) as string);
    assert.equal((await store.getCacheStats(ctx)).hits, 1);
    await store.get(ctx, "key:0");
    assert.equal((await store.getCacheStats(ctx)).misses, 1);
  });

  list.it(
    "stays within its bytes, and keeps nothing larger",
    async ({ store, ctx }) => {
      await store.set(ctx, "large", "x".repeat(5000));
      assert.equal((await store.getCacheStats(ctx)).size, 0);
      for (let i = 0; i < 50; i++) await store.set(ctx, `key:${i}`, "x".repeat(100));
      const { bytes, size } = await store.getCacheStats(ctx);
      assert.ok(bytes <= 4096 && size > 0, `${size} entries of ${bytes} bytes`);
      assert.equal(await store.get(ctx, "large"), "x".repeat(5000));
    },
    { cache: { max_bytes: 4096, max_entries: most, values: list.harness.values } },
  );

  list.it(
    "drops entries some time after they were filled",
    async (rig) => {
      const { store, ctx } = rig;
      await rig.pass(1); // lru-cache takes an entry filled at 0 for one that stays
      await store.set(ctx, "a", 1);
      await rig.pass(999);
      await store.get(ctx, "a");
      await rig.pass(2);
      await delay(5); // lru-cache looks at the clock once in a millisecond of real time
      assert.equal(await store.get(ctx, "a"), 1);
      const { hits, misses, expirations } = await store.getCacheStats(ctx);
      assert.deepEqual({ hits, misses, expirations }, { hits: 1, misses: 1, expirations: 1 });
    },
    { cache: { ttl: "1s", max_staleness: "1h", max_entries: most, values: list.harness.values } },
  );

  list.it(
    "bypasses the cache with consistency: strong in the configuration",
    async ({ store, ctx }) => {
      await store.set(ctx, "a", 1);
      await store.get(ctx, "a");
      const { hits, misses } = await store.getCacheStats(ctx);
      assert.deepEqual({ hits, misses }, { hits: 0, misses: 0 });
    },
    { cache: { consistency: "strong", max_entries: most, values: list.harness.values } },
  );
}

function flightCases(list: StorageCaseList): void {
  list.it("shares one load among all who miss the same key meanwhile", async ({ store, ctx, faults }) => {
    await store.set(ctx, "a", 1);
    await store.clearCache(ctx);
    const held = faults.hold("read", "before");
    const values = Array.from({ length: 10 }, () => store.get(ctx, "a"));
    await held.reached;
    held.release();
    assert.deepEqual(new Set(await Promise.all(values)), new Set([1]));
    assert.deepEqual(await counts(store, ctx), { ...NONE, misses: 10, loads: 1, coalesced: 9, size: 1 });
  });

  list.it(
    "shows no old value of one key once the new value of another was seen, commit answered or not",
    async ({ store, ctx, faults }) => {
      await store.setBatch(ctx, { a: 1, b: 1 });
      await store.clearCache(ctx);
      await store.get(ctx, "a");
      const held = faults.hold("commit", "after");
      const written = store.setBatch(ctx, { a: 2, b: 2 });
      await held.reached;
      assert.equal(await store.get(ctx, "b"), 2);
      assert.equal(await store.get(ctx, "a"), 2);
      // Where other processes commit too, it waits for the commit before it to validate what it read.
      const { shared } = (await store.info(ctx)).capabilities;
      if (!shared) assert.equal(await store.transact(ctx, (tx) => tx.get("a")), 2);
      held.release();
      await written;
      assert.equal(await store.get(ctx, "a"), 2);
    },
  );

  list.it(
    "lets nobody join a load that may be older than a commit under way",
    async ({ store, ctx, strong, faults }) => {
      await store.set(ctx, "a", "old");
      await store.clearCache(ctx);
      const early = faults.hold("read", "after");
      const before = store.get(ctx, "a");
      await early.reached;
      const held = faults.hold("commit", "after");
      const written = store.set(ctx, "a", "new");
      await held.reached;
      assert.equal(await store.get(strong, "a"), "new");
      assert.equal(await store.get(ctx, "a"), "new");
      early.release();
      assert.equal(await before, "old");
      held.release();
      await written;
      assert.equal(await store.get(ctx, "a"), "new");
    },
  );

  list.it(
    "shows nothing of a namespace once it was seen to be cleared, answered or not",
    async ({ store, ctx, faults }) => {
      await store.setBatch(ctx, { a: 1, b: 1 });
      const held = faults.hold("commit", "after");
      const cleared = store.clear(ctx);
      await held.reached;
      assert.equal(await store.count(ctx), 0);
      assert.equal(await store.getOr(ctx, "a", "gone"), "gone");
      held.release();
      assert.equal(await cleared, 2);
    },
  );

  list.it("does not let one who gives up fail those who share the load", async ({ store, ctx, faults }) => {
    await store.set(ctx, "a", 1);
    await store.clearCache(ctx);
    const held = faults.hold("read", "before");
    const [impatient, cancel] = withCancel(ctx);
    const first = store.get(impatient, "a");
    const second = store.get(ctx, "a");
    await held.reached;
    cancel();
    await rejects(() => first, { reason: "cancelled", code: 5001 });
    held.release();
    assert.equal(await second, 1);
  });

  list.it(
    "fails all who share a load that fails, and loads anew for the next",
    async ({ store, ctx, faults }) => {
      await store.set(ctx, "a", 1);
      await store.clearCache(ctx);
      faults.chances = { seed: 1, refusal: 1 };
      const reads = [store.get(ctx, "a"), store.get(ctx, "a")];
      for (const read of reads) await rejects(() => read, { reason: "unavailable", code: 5001, key: "a" });
      faults.chances = { seed: 1 };
      assert.equal(await store.get(ctx, "a"), 1);
    },
  );

  list.it("starts a load of its own for who asks after a change", async ({ store, ctx, faults }) => {
    await store.set(ctx, "a", "old");
    await store.clearCache(ctx);
    const held = faults.hold("read", "after");
    const early = store.get(ctx, "a");
    await held.reached;
    await store.set(ctx, "a", "new");
    await store.clearCache(ctx);
    assert.equal(await store.get(ctx, "a"), "new");
    held.release();
    assert.equal(await early, "old");
    assert.equal(await store.get(ctx, "a"), "new");
  });
}
