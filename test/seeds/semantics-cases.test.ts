import { expect } from "chai";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../src/index.js";
import { MemoryManager } from "../../src/memory/index.js";
import { HOSTILE_KEYS } from "../../src/testing/storage-suite/key-cases.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";
import { SEALED } from "../support/sealed-settings.js";
import { openTapped, type Tap } from "../support/tapped-store.js";
import { onEveryStore } from "./on-every-store.js";

const ctx = background();

/** The numbers are those of the table in docs/seeds.md. */
describe("the cases by number", function () {
  this.timeout(120_000);

  onEveryStore((opened) => {
    let storage: StoragePlugin;
    beforeEach(() => (storage = opened.store));

    it("case 1: a counter, and a list from both ends", async () => {
      await storage.set(ctx, "counter", 0);
      const counter = storage.counter("counter");
      const counted = [
        await counter.incr(ctx),
        await counter.incr(ctx, 5),
        await counter.decr(ctx),
        await counter.decr(ctx, 3),
      ];
      expect(counted).to.deep.equal([1, 6, 5, 2]);
      const list = storage.list("list");
      await list.rpush(ctx, "m1", "m2", "m3");
      await list.lpush(ctx, "m0");
      expect(await list.lrange(ctx, 0, -1)).to.deep.equal(["m0", "m1", "m2", "m3"]);
      expect(await list.lrange(ctx, 0, 1)).to.deep.equal(["m0", "m1"]);
      expect(await list.lrange(ctx, -2, -1)).to.deep.equal(["m2", "m3"]);
      expect(await list.llen(ctx)).to.equal(4);
      expect([await list.lpop(ctx), await list.rpop(ctx)]).to.deep.equal(["m0", "m3"]);
    });

    it("case 2: removing from the head, the tail, and everywhere", async () => {
      const removals = [
        [2, 2, [2, 3, 1]],
        [-2, 2, [1, 2, 3]],
        [0, 3, [2, 3]],
      ] as const;
      for (const [count, removed, left] of removals) {
        const list = storage.list(`list ${count}`);
        await list.rpush(ctx, 1, 2, 1, 3, 1);
        expect(await list.lrem(ctx, count, 1)).to.equal(removed);
        expect(await list.lrange(ctx, 0, -1)).to.deep.equal(left);
      }
    });

    it("case 3: a transaction that throws leaves both of its keys untouched, also after reopening", async () => {
      await storage.set(ctx, "one", "before");
      const failing = storage.transact(ctx, async (tx) => {
        await tx.set("one", "after");
        await tx.set("two", "after");
        throw new RangeError("changed its mind");
      });
      expect(await failing.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
      if (opened.kind.persistent) await opened.reopen();
      const kept = opened.kind.persistent ? opened.store : storage;
      expect(Object.fromEntries(await kept.find(ctx, "*"))).to.deep.equal({ one: "before" });
    });

    it("case 4: eight tasks count exactly", async () => {
      // Files and memory answer at once, servers after a round trip.
      const rounds = opened.kind.needs === undefined ? 1000 : 50;
      const counter = storage.counter("counter");
      const task = async () => {
        for (let i = 0; i < rounds; i++) await counter.incr(ctx);
      };
      await Promise.all(Array.from({ length: 8 }, task));
      expect(await counter.get(ctx)).to.equal(8 * rounds);
    });

    it("case 6: dates, bytes, sets, maps and what looks like a tag, compressed and encrypted too", async () => {
      const value = {
        date: new Date(86_400_000),
        bytes: new Uint8Array([0, 255, 10]),
        set: new Set([1, "1", null]),
        map: new Map<unknown, unknown>([[{ a: 1 }, [2n]]]),
        tag: { __date__: 1, $date: 1 },
        long: "x".repeat(1000),
      };
      await storage.set(ctx, "value", value);
      expect(await storage.get(ctx, "value")).to.deep.equal(value);
      const sealed = await opened.kind.fresh();
      const other = await openStorage({ ...sealed?.settings, ...SEALED, cache_size: 0 });
      await other.set(ctx, "value", value);
      await other.list("list").rpush(ctx, value);
      expect(await other.get(ctx, "value")).to.deep.equal(value);
      expect(await other.list("list").lindex(ctx, 0)).to.deep.equal(value);
      await other.stop();
      await sealed?.destroy();
    });

    it("case 7: patterns", async () => {
      const names = [
        "user:1:name",
        "user:12",
        "user:1",
        "user:2",
        "user:3",
        "session:a:token",
        "lit*eral",
        "literal",
      ];
      await storage.setBatch(ctx, Object.fromEntries(names.map((name) => [name, 1])));
      const matches = {
        "user:*": ["user:1", "user:12", "user:1:name", "user:2", "user:3"],
        "*:name": ["user:1:name"],
        "session:*:token": ["session:a:token"],
        "user:?": ["user:1", "user:2", "user:3"],
        "user:[12]": ["user:1", "user:2"],
        "[!a-t]*": ["user:1", "user:12", "user:1:name", "user:2", "user:3"],
        "lit\\*eral": ["lit*eral"],
      };
      for (const [pattern, expected] of Object.entries(matches))
        expect(await storage.keys(ctx, pattern), pattern).to.deep.equal(expected);
    });
  });

  it("case 5: a pop of a long list costs what one of a short list costs", async () => {
    const costs: Cost[] = [];
    for (const length of [200, 20_000]) {
      const { storage, cost } = await openCounted();
      const list = storage.list("list");
      const numbers = Array.from({ length }, (_, i) => i);
      await list.rpush(ctx, ...numbers);
      costs.push(
        await cost(async () => {
          for (let i = 0; i < 50; i++) expect(await list.lpop(ctx)).to.equal(i);
        }),
      );
      await storage.stop();
    }
    expectSame(costs);
  });

  for (const backend of ["file", "directory", "sqlite", "lmdb"] as const) {
    it(`case 8: nothing is written outside of the folder of a ${backend} store, whatever the keys`, async () => {
      const parent = await mkdtemp(join(MEMORY_FOLDER, "holdfast-outside-"));
      const folder = join(parent, "middle", "data");
      await mkdir(folder, { recursive: true });
      const settings: StorageSettings = { backend, [backend]: { path: join(folder, "store") } };
      const storage = await openStorage(settings);
      for (const space of [storage, storage.namespace("../../outside"), storage.namespace("..")])
        await space.setBatch(ctx, new Map(HOSTILE_KEYS.map((key) => [key, key])));
      await storage.compact(ctx);
      await storage.stop();
      const found = [...(await readdir(parent)), ...(await readdir(join(parent, "middle")))];
      expect(found).to.deep.equal(["middle", "data"]);
      expect((await readdir(folder)).filter((name) => !name.startsWith("store"))).to.deep.equal([]);
      const again = await openStorage(settings);
      expect(await again.namespace("..").keys(ctx)).to.have.members([...HOSTILE_KEYS]);
      await again.stop();
      await rm(parent, { recursive: true });
    });
  }

  it("case 16: message 10 000 of a chat costs what message 10 costs", async () => {
    const costs: Cost[] = [];
    for (const before of [9, 9999]) {
      const { storage, cost } = await openCounted();
      const memory = new MemoryManager({ storage, now: () => 1_700_000_000_000 });
      const messages = Array.from({ length: before }, () => ({ role: "user", content: "hello" }) as const);
      await memory.add(ctx, messages);
      costs.push(await cost(async () => void (await memory.addUser(ctx, "hello"))));
      await storage.stop();
    }
    expectSame(costs);
  });
});

/** What calls had a backend do. */
interface Cost {
  readonly writes: number;
  readonly entriesRead: number;
  readonly bytes: number;
}

/** A store in memory that tells what calls cost. */
async function openCounted() {
  const seen = { writes: 0, entriesRead: 0, bytes: 0 };
  const tap: Tap = {
    beforeCommit: (batches) => {
      for (const write of batches.flatMap((batch) => batch.writes)) {
        seen.writes += 1;
        if (write.kind === "put") seen.bytes += write.data.length;
      }
    },
    afterRead: ({ entries }) => {
      seen.entriesRead += entries.length;
    },
  };
  const { storage } = await openTapped({ backend: "memory" }, tap);
  const cost = async (calls: () => Promise<void>): Promise<Cost> => {
    Object.assign(seen, { writes: 0, entriesRead: 0, bytes: 0 });
    await calls();
    return { ...seen };
  };
  return { storage, cost };
}

function expectSame([small, large]: readonly Cost[]): void {
  const [few, many] = [small as Cost, large as Cost];
  expect(few.writes).to.be.above(0);
  expect({ ...many, bytes: 0 }).to.deep.equal({ ...few, bytes: 0 });
  expect(many.bytes - few.bytes, "longer numbers in what is written").to.be.at.most(4 * few.writes);
}
