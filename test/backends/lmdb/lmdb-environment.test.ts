import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Breather } from "../../../src/backends/files/breather.js";
import { DataFolder } from "../../../src/backends/lmdb/data-folder.js";
import { loadLmdb } from "../../../src/backends/lmdb/lmdb-driver.js";
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

  async function open(folder = new DataFolder(path)): Promise<LmdbEnvironment> {
    const driver = await loadLmdb();
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
});
