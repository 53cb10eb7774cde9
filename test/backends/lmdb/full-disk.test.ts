import assert from "node:assert/strict";
import { join } from "node:path";
import { background, openStorage } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { mountSmallDisk, type SmallDisk } from "../../support/small-disk.js";
import { StoreProcess } from "../../support/store-process.js";
import type { FullDiskReport, FullDiskTask } from "./full-disk-process.js";

const ctx = background();
const PROGRAM = new URL("full-disk-process.ts", import.meta.url);

describe("a store of lmdb on a full disk", function () {
  this.timeout(60_000);
  let disk: SmallDisk | undefined;

  afterEach(() => disk?.remove());

  for (const [bytes, writers, mebibytes] of [
    [1_000, 1, 4],
    [20_000, 3, 8],
    [20_000, 8, 3],
  ] as const) {
    it(`refuses ${writers} at a time of ${bytes} bytes, ends no process, and keeps what was acknowledged`, async function () {
      disk = mountSmallDisk(mebibytes);
      if (disk === undefined) return missing(this, "a file system of a few MiB");
      const path = join(disk.path, "store");
      const writer = new StoreProcess(PROGRAM, { path, bytes, writers } satisfies FullDiskTask);
      const { acknowledged, refused } = await writer.next<FullDiskReport>();
      await writer.end();
      assert.deepEqual(
        refused.filter((reason) => !/^(?:no-space|io|unavailable)$/.test(reason)),
        [],
      );
      disk.resize(64);
      const storage = await openStorage({ backend: "lmdb", lmdb: { path } });
      for (const key of acknowledged) assert.equal(await storage.get(ctx, key), "x".repeat(bytes));
      await storage.set(ctx, "later", 1);
      assert.equal((await storage.verify(ctx)).ok, true);
      await storage.stop();
    });
  }
});
