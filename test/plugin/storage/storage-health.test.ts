import { expect } from "chai";
import { mkdtemp, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { FileBackend } from "../../../src/backends/file/file-backend.js";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { BackendRegistry } from "../../../src/backends/registry.js";
import { background, withTimeout } from "../../../src/core/context.js";
import { openStorage } from "../../../src/plugin/open-storage.js";
import type { StorageSettings } from "../../../src/plugin/settings.js";
import type { StoragePlugin } from "../../../src/plugin/storage-plugin.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../../src/testing/fault-backend.js";
import { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";
import { PATH, PLAIN, unguarded } from "../../crash/simulated-store.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";
import { errorOf } from "../registry/rejections.js";

const ctx = background();
const UP = { status: "up" };
const FULL = "the last write failed: ";

/** A store of one file on a disk that a test can fill. */
async function onDisk(settings: StorageSettings = {}): Promise<{
  readonly disk: SimulatedFileSystem;
  readonly time: FakeRuntime;
  readonly store: StoragePlugin;
}> {
  const disk = new SimulatedFileSystem();
  const time = new FakeRuntime();
  const { sizes } = PLAIN;
  const options = { path: PATH, backupCount: 1, readOnly: false, salvage: false };
  const backends = new BackendRegistry().with(
    "simulated",
    async () => (setup) => new FileBackend({ ...setup, options }, { fs: disk, lock: unguarded, sizes }),
  );
  const store = await openStorage(
    { ...settings, backend: "simulated" },
    { backends, runtime: time, warn: () => undefined },
  );
  return { disk, time, store };
}

function fill(disk: SimulatedFileSystem): void {
  disk.faults = ({ kind }) => (kind.startsWith("write") || kind === "replaceFile" ? "ENOSPC" : undefined);
}

function makeRoom(disk: SimulatedFileSystem): void {
  disk.faults = () => undefined;
}

describe("the health of a store", () => {
  it("is degraded while the disk is full, by the reason, until a write succeeds", async () => {
    const { disk, store } = await onDisk();
    await store.set(ctx, "a", 1);
    fill(disk);
    const error = await errorOf(store.set(ctx, "a", 2));
    expect(error).to.include({ code: 5002, reason: "no-space" });
    const { status, message, details } = await store.health(ctx);
    expect({ status, details }).to.deep.equal({ status: "degraded", details: { reason: "no-space" } });
    expect(message).to.match(/^the last write failed: .*space/);
    expect(await store.get(ctx, "a")).to.equal(1);
    expect(await store.health(ctx)).to.include({ status: "degraded" });
    makeRoom(disk);
    await store.set(ctx, "a", 3);
    expect(await store.health(ctx)).to.deep.equal(UP);
    await store.stop();
  });

  it("counts the writes of transactions and structures", async () => {
    const { disk, store } = await onDisk();
    for (const write of [
      () => store.transact(ctx, (tx) => tx.set("t", 1)),
      () => store.list("l").rpush(ctx, 1),
      () => store.namespace("other").delete(ctx, "k"),
    ]) {
      fill(disk);
      await errorOf(write());
      expect(await store.health(ctx)).to.include({ status: "degraded" });
      makeRoom(disk);
      await write();
      expect(await store.health(ctx)).to.deep.equal(UP);
    }
    await store.stop();
  });

  it("is degraded from a failed write in the background on, which a flush makes up for", async () => {
    const { disk, time, store } = await onDisk({ durability: "interval" });
    await store.set(ctx, "a", 1);
    expect(await store.health(ctx)).to.deep.equal(UP);
    fill(disk);
    await time.advance(2000);
    expect(await store.health(ctx)).to.deep.include({ status: "degraded", details: { reason: "no-space" } });
    await errorOf(store.flush(ctx));
    expect(await store.health(ctx)).to.include({ status: "degraded" });
    makeRoom(disk);
    // It tells what failed before, having made up for it.
    await errorOf(store.flush(ctx));
    await store.flush(ctx);
    expect(await store.health(ctx)).to.deep.equal(UP);
    await store.stop();
  });

  it("is not better for a flush that had nothing to write", async () => {
    const { disk, store } = await onDisk();
    fill(disk);
    await errorOf(store.set(ctx, "a", 1));
    await store.flush(ctx);
    expect(await store.health(ctx)).to.include({ status: "degraded" });
    makeRoom(disk);
    await store.stop();
  });

  it("is down when another process has taken over the store", async () => {
    const folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-"));
    try {
      const path = join(folder, "store.json");
      const store = await openStorage({ backend: "file", file: { path } });
      await store.set(ctx, "a", 1);
      await unlink(`${path}.lock`);
      await errorOf(store.compact(ctx));
      expect(await errorOf(store.set(ctx, "a", 2))).to.include({ code: 5002, reason: "locked" });
      expect(await store.health(ctx)).to.deep.equal({
        status: "down",
        message: `${FULL}another process has taken over the store; close it and open it again`,
        details: { reason: "locked" },
      });
      await store.stop().catch(() => undefined);
      expect(await store.health(ctx)).to.deep.equal({ status: "down", message: "the store is not open" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  describe("over a server", () => {
    let backend: FaultBackend;
    let store: StoragePlugin;

    beforeEach(async () => {
      const backends = new BackendRegistry().with("faulty", async () => (setup) => {
        backend = new FaultBackend(memoryBackend(setup));
        return backend;
      });
      store = await openStorage({ backend: "faulty" }, { backends });
    });

    afterEach(() => store.stop());

    it("is degraded while calls fail, or one batch of a call does", async () => {
      for (const chances of [
        { seed: 1, refusal: 1 },
        { seed: 1, batchRefusal: 1 },
      ]) {
        backend.chances = chances;
        await errorOf(store.set(ctx, "a", 1));
        expect(await store.health(ctx)).to.deep.include({
          status: "degraded",
          details: { reason: "unavailable" },
        });
        backend.chances = { seed: 1 };
        await store.set(ctx, "a", 1);
        expect(await store.health(ctx)).to.deep.equal(UP);
      }
    });

    it("is not worse for writes that are wrong, lose or are given no time", async () => {
      backend.chances = { seed: 1, conflict: 1 };
      await errorOf(
        store.transact(
          ctx,
          async (tx) => {
            await tx.get("a").catch(() => undefined);
            await tx.set("a", 1);
          },
          { maxAttempts: 1 },
        ),
      );
      backend.chances = { seed: 1 };
      await errorOf(store.set(ctx, "", 1));
      await errorOf(store.set(ctx, "a", Symbol("no value")));
      const [late, cancel] = withTimeout(ctx, 0);
      await errorOf(store.set(late, "a", 1));
      cancel();
      expect(await store.health(ctx)).to.deep.equal(UP);
    });
  });
});
