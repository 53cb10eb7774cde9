import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Breather } from "../../../src/backends/files/breather.js";
import { DataFolder } from "../../../src/backends/lmdb/data-folder.js";
import { loadLmdb, type LmdbDriver, type LmdbRoot } from "../../../src/backends/lmdb/lmdb-driver.js";
import { LmdbEnvironment } from "../../../src/backends/lmdb/lmdb-environment.js";
import { systemRuntime } from "../../../src/core/runtime.js";

const KEY = "k";
const bytes = (text: string) => new TextEncoder().encode(text);

/** A promise and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("LmdbEnvironment", () => {
  let path = "";
  let environment: LmdbEnvironment | undefined;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "holdfast-lmdb-environment-"));
  });
  afterEach(async () => {
    await environment?.close();
    await rm(path, { recursive: true, force: true });
  });

  async function open(folder = new DataFolder(path), chosen?: LmdbDriver): Promise<LmdbEnvironment> {
    const driver = chosen ?? (await loadLmdb());
    const breather = () => new Breather(systemRuntime.clock);
    environment = await LmdbEnvironment.open({ driver, folder, sync: "all", breather });
    return environment;
  }

  const write = (value: string) =>
    environment?.write(async ({ tables }) => void tables.facts.put(KEY, bytes(value)));
  const read = async () => String(await environment?.read(({ tables }) => tables.facts.getBinary(KEY)));

  it("goes on reading and writing after a compaction, while a long read still holds the generation before", async () => {
    const store = await open();
    await write("old");
    const [begun, end] = [gate(), gate()];
    const long = store.readLong(async ({ tables }) => {
      begun.open();
      await end.opened;
      return tables.facts.getBinary(KEY)?.toString();
    });
    await begun.opened;
    await store.compact();
    await write("new");
    assert.equal(await read(), "new");
    assert.deepEqual(
      (await readdir(path)).sort(),
      ["data-1", "data-2"],
      "the one that is read is still there",
    );
    end.open();
    assert.equal(await long, "old", "a snapshot stays what it was");
    await store.close();
    environment = undefined;
    assert.deepEqual(await readdir(path), ["data-2"]);
  });

  it("closes only when a long read has ended", async () => {
    const store = await open();
    await write("value");
    const [begun, end] = [gate(), gate()];
    const order: string[] = [];
    const long = store.readLong(async () => {
      begun.open();
      await end.opened;
      order.push("read");
    });
    await begun.opened;
    await store.compact();
    const closed = store.close().then(() => order.push("closed"));
    environment = undefined;
    await new Promise((resolve) => setTimeout(resolve, 20));
    end.open();
    await Promise.all([long, closed]);
    assert.deepEqual(order, ["read", "closed"]);
  });

  it("fails no call because a generation that was left cannot be removed, and removes it with the next", async () => {
    let isStuck = true;
    class StuckFolder extends DataFolder {
      override async remove(generation: number): Promise<void> {
        if (isStuck && generation === 1) throw Object.assign(new Error("busy"), { code: "EBUSY" });
        await super.remove(generation);
      }
    }
    const store = await open(new StuckFolder(path));
    await write("first");
    await store.compact();
    await write("second");
    assert.equal(await read(), "second");
    isStuck = false;
    await store.compact();
    assert.equal(await read(), "second");
    await store.close();
    environment = undefined;
    assert.deepEqual(await readdir(path), ["data-3"]);
  });

  it("syncs while the store is compacted", async () => {
    const store = await open();
    await write("value");
    await Promise.all([store.compact(), ...Array.from({ length: 20 }, () => store.sync())]);
    await store.sync();
    assert.equal(await read(), "value");
  });

  /** A folder of which the first look still shows a generation that another process removes right then. */
  class StaleFolder extends DataFolder {
    #looks = 0;
    override async oldest(): Promise<number> {
      return this.#looks++ === 0 ? 1 : await super.oldest();
    }
  }

  const removals = new Map<string, (openIt: () => LmdbRoot, folder: string) => LmdbRoot>([
    [
      "while it was opened",
      () => {
        throw Object.assign(new Error("No such file or directory"), { code: 2 });
      },
    ],
    [
      "when it had just been opened",
      (openIt, folder) => {
        const root = openIt();
        rmSync(folder, { recursive: true });
        return root;
      },
    ],
  ]);
  for (const [when, remove] of removals) {
    it(`finds the generation that counts when another process removed the one before ${when}`, async () => {
      const store = await open();
      await write("value");
      await store.compact();
      await store.close();
      assert.deepEqual(await readdir(path), ["data-2"]);
      const real = await loadLmdb();
      let removed = 0;
      await open(new StaleFolder(path), {
        open(options: { readonly path: string }) {
          if (!options.path.endsWith("data-1")) return real.open(options);
          removed += 1;
          return remove(() => real.open(options), options.path);
        },
      });
      assert.equal(await read(), "value");
      assert.equal(removed, 1);
      assert.deepEqual(await readdir(path), ["data-2"]);
    });
  }

  /** A driver that notes of every table opened for writing whether that was in a transaction. */
  async function noting(inTransaction: boolean[]): Promise<LmdbDriver> {
    const driver = await loadLmdb();
    return {
      open(options: { readonly readOnly?: boolean }) {
        const root = driver.open(options);
        if (options.readOnly === true) return root;
        let isWithin = false;
        const [openDB, childTransaction] = [root.openDB.bind(root), root.childTransaction.bind(root)];
        return Object.assign(root, {
          openDB(...args: Parameters<typeof openDB>) {
            inTransaction.push(isWithin);
            return openDB(...args);
          },
          childTransaction<T>(body: () => Promise<T>) {
            return childTransaction(async () => {
              isWithin = true;
              return await body().finally(() => (isWithin = false));
            });
          },
        });
      },
    };
  }

  it("opens no table by a transaction of its own, which would wait on the thread of the event loop", async () => {
    for (const store of ["new", "there already"]) {
      const inTransaction: boolean[] = [];
      await (await open(new DataFolder(path), await noting(inTransaction))).close();
      assert.ok(inTransaction.length > 0, store);
      assert.ok(!inTransaction.includes(false), store);
    }
  });

  for (const [mark, reason] of [
    ["2", "newer-format"],
    ["x", "checksum"],
  ] as const) {
    it(`refuses a store marked ${mark} as ${reason}, again and again, and changes nothing`, async () => {
      const store = await open();
      await store.write(async ({ tables }) => void tables.facts.put("format", bytes(mark)));
      const before = store.lastTransaction;
      await store.close();
      environment = undefined;
      const place = { driver: await loadLmdb(), folder: new DataFolder(path), sync: "all" } as const;
      const again = () =>
        LmdbEnvironment.open({ ...place, breather: () => new Breather(systemRuntime.clock) });
      for (let n = 0; n < 2; n++) await assert.rejects(again, { name: "StorageFault", reason });
      const root = place.driver.open({ path: place.folder.generationPath(1), maxDbs: 9 });
      assert.equal(2 ** 40 + root.env.info().lastTxnId, before);
      await root.close();
    });
  }

  it("compacts more stores at once than Node has threads for files", async () => {
    const paths = Array.from({ length: 6 }, (_, n) => join(path, String(n)));
    const stores: LmdbEnvironment[] = [];
    for (const each of paths) {
      const folder = new DataFolder(each);
      await folder.prepare();
      stores.push(await open(folder));
    }
    environment = undefined;
    await Promise.all(stores.map((store) => store.compact()));
    await Promise.all(stores.map((store) => store.close()));
    for (const each of paths) assert.deepEqual(await readdir(each), ["data-2"]);
  });
});
