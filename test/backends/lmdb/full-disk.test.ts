import assert from "node:assert/strict";
import { join } from "node:path";
import { background, openStorage, StorageError } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { mountSmallDisk, type SmallDisk } from "../../support/small-disk.js";

const ctx = background();

describe("a store of lmdb on a full disk", function () {
  this.timeout(60_000);
  let disk: SmallDisk | undefined;

  afterEach(() => disk?.remove());

  for (const [bytes, writers] of [
    [1_000, 4],
    [1_000, 8],
    [20_000, 8],
  ] as const) {
    it(`tells everybody who writes ${bytes} bytes, ${writers} at a time, and keeps what it acknowledged`, async function () {
      disk = mountSmallDisk(4);
      if (disk === undefined) return missing(this, "a file system of a few MiB");
      const settings = { backend: "lmdb", lmdb: { path: join(disk.path, "store") } };
      const storage = await openStorage(settings, { warn: () => undefined });
      const value = "x".repeat(bytes);
      const acknowledged: string[] = [];
      const refused: unknown[] = [];
      const write = async (writer: number) => {
        for (let i = 0; refused.length < 2 * writers; i++) {
          const key = `${writer}:${i}`;
          await storage.set(ctx, key, value).then(
            () => acknowledged.push(key),
            (error: unknown) => refused.push(error),
          );
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
      for (const error of refused) {
        assert.ok(error instanceof StorageError, String(error));
        assert.ok(["no-space", "io", "unavailable"].includes(error.reason), error.message);
      }
      disk.resize(64);
      await storage.stop().catch(() => undefined);
      const again = await openStorage(settings, { warn: () => undefined });
      for (const key of acknowledged) assert.equal(await again.get(ctx, key), value);
      await again.set(ctx, "later", 1);
      await again.stop();
    });
  }
});
