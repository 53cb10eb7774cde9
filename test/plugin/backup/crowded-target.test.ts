import { expect } from "chai";
import { join } from "node:path";
import { background, openStorage, type StoragePlugin } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";

const ctx = background();
const MEBIBYTE = "x".repeat(1024 * 1024);

describe("a backup whose place others want, or the disk has not", () => {
  let rig: BackupRig;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
    await rig.source.set(ctx, "a", 1);
  });
  afterEach(() => rig.close());

  async function expectRestorable(path: string): Promise<void> {
    await using store = await openStorage();
    await store.restore(ctx, path);
    expect(await valuesOf(store)).to.deep.equal(await valuesOf(rig.source));
  }

  it("is made once, when two want the same place at once, and the other one is refused", async () => {
    for (let round = 0; round < 20; round++) {
      const name = `round-${round}`;
      const calls: Promise<unknown>[] = [rig.backup(name), rig.backup(name), rig.backup(name)];
      const results = await Promise.allSettled(calls);
      const refused = results.flatMap((result): unknown[] =>
        result.status === "rejected" ? [result.reason] : [],
      );
      expect(refused).to.have.length(2);
      for (const reason of refused) expect(reason).to.include({ code: 5002, reason: "not-empty" });
      await expectRestorable(rig.path(name));
    }
    expect(await rig.names()).to.have.length(20);
  });

  it("is refused as no-space on a full disk, which keeps the earlier ones whole and nothing else (R8)", async function () {
    const disk = mountSmallDisk(4);
    if (disk === undefined) return missing(this, "mount, as root");
    try {
      const store: StoragePlugin = rig.source;
      await store.backup(ctx, join(disk.path, "first"));
      for (let i = 0; i < 6; i++) await store.set(ctx, `large ${i}`, MEBIBYTE);
      for (const options of [{}, { base: join(disk.path, "first") }]) {
        const error = await thrownBy(store.backup(ctx, join(disk.path, "second"), options));
        expect(error).to.include({ code: 5002, reason: "no-space", operation: "backup" });
        expect((error as Error).message).to.include("free some space");
      }
      await using restored = await openStorage();
      await restored.restore(ctx, join(disk.path, "first"));
      expect(await restored.keys(ctx)).to.deep.equal(["a"]);
      disk.resize(16);
      await store.backup(ctx, join(disk.path, "second"), { base: join(disk.path, "first") });
      await expectRestorable(join(disk.path, "second"));
    } finally {
      disk.remove();
    }
  });
});
