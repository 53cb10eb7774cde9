import { expect } from "chai";
import type { Write } from "../../../src/backends/backend.js";
import { KIND } from "../../../src/core/key.js";
import { background, copyStorage, openStorage, StorageError, withCancel } from "../../../src/index.js";
import { FILL_MARKER } from "../../../src/plugin/marks.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { KeptStore } from "../../support/kept-store.js";
import { ENCRYPTED, keyVariable } from "../../support/sealed-settings.js";
import { openTapped, type Tap, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();
const MANY = Array.from({ length: 1300 }, (_, i) => i);

describe("copyStorage of structures and what belongs to them", () => {
  let runtime: FakeRuntime;
  let tap: Tap;
  let source: TappedStore;
  let target: TappedStore;

  beforeEach(async () => {
    runtime = new FakeRuntime();
    tap = {};
    source = await openTapped({ backend: "memory" }, {}, { runtime });
    target = await openTapped({ backend: "memory" }, tap, { runtime });
  });
  afterEach(async () => {
    await source.storage.stop();
    await target.storage.stop();
  });

  const marked = async () => {
    const { entries } = await target.backend.read(ctx, "", [FILL_MARKER], { want: "headers" });
    return entries[0] !== undefined;
  };

  it("is safe from compact, which must not take items for what structures left", async () => {
    await source.storage.list("list").rpush(ctx, ...MANY);
    await source.storage.hash("hash").hset(ctx, { a: 1 });
    tap.afterCommit = () => runtime.advance(250);
    const marks: boolean[] = [];
    const onProgress = async () => {
      marks.push(await marked());
      await target.storage.compact(ctx);
    };
    await copyStorage(ctx, source.storage, target.storage, { onProgress });
    expect(marks[0]).to.equal(true);
    expect(await marked()).to.equal(false);
    expect(await target.storage.list("list").lrange(ctx, 0, -1)).to.deep.equal(MANY);
    expect(await target.storage.hash("hash").hgetall(ctx)).to.deep.equal(new Map([["a", 1]]));
  });

  it("sets its mark before it compares the items of a structure whose head is not there", async () => {
    await source.storage.list("list").rpush(ctx, 1, 2, 3);
    await copyStorage(ctx, source.storage, target.storage);
    // As a sweep does: what it leaves may be dropped at any moment, unless it finds the mark.
    await commit(target, [{ kind: "delete", key: "list" }]);
    const written: string[] = [];
    tap.beforeCommit = (batches) => {
      for (const { writes } of batches)
        for (const write of writes)
          if (write.kind !== "delete-range") written.push(`${write.kind} ${write.key}`);
    };
    await copyStorage(ctx, source.storage, target.storage, { resume: true });
    expect(written).to.deep.equal([`put ${FILL_MARKER}`, "put list", `delete ${FILL_MARKER}`]);
    expect(await target.storage.list("list").lrange(ctx, 0, -1)).to.deep.equal([1, 2, 3]);
  });

  it("takes its mark away when it ends early, and goes on after a compact", async () => {
    await source.storage.list("list").rpush(ctx, ...MANY);
    const [cancelled, cancel] = withCancel(ctx);
    let commits = 0;
    tap.afterCommit = () => {
      commits += 1;
      if (commits === 2) cancel();
    };
    const ended: unknown = await copyStorage(cancelled, source.storage, target.storage).catch(
      (error: unknown) => error,
    );
    expect(ended).to.include({ reason: "cancelled" });
    await target.storage.flush(ctx);
    expect(await marked()).to.equal(false);
    expect((await target.storage.verify(ctx)).orphans).to.equal(1);
    await target.storage.compact(ctx);
    await copyStorage(ctx, source.storage, target.storage, { resume: true });
    expect(await target.storage.list("list").lrange(ctx, 0, -1)).to.deep.equal(MANY);
  });

  it("leaves the mark of a copy that was killed until it was called again", async () => {
    await source.storage.list("list").rpush(ctx, 1, 2, 3);
    await commit(target, [entry(FILL_MARKER, "null"), entry(`${KIND.item}${"O".repeat(22)}1`, "1")]);
    await target.storage.compact(ctx);
    expect((await target.storage.verify(ctx)).orphans).to.equal(0);
    await copyStorage(ctx, source.storage, target.storage, { resume: true });
    expect(await marked()).to.equal(false);
    expect((await target.storage.verify(ctx)).orphans).to.equal(1);
    await target.storage.compact(ctx);
    expect(await target.storage.verify(ctx)).to.include({ ok: true, orphans: 0 });
  });

  it("carries index entries as they are, compares them, and leaves them out of a copy of some keys", async () => {
    await source.storage.setBatch(ctx, { a: 1, b: 2 });
    await commit(source, [entry(`${KIND.index}name=x`, '"a"'), entry(`${KIND.index}name=y`, '"b"')]);
    await copyStorage(ctx, source.storage, target.storage, { pattern: "a" });
    expect(await indexOf(target)).to.deep.equal([]);
    const options = { resume: true, prune: true };
    expect(await copyStorage(ctx, source.storage, target.storage, options)).to.include({
      copied: 1,
      skipped: 1,
    });
    expect(await indexOf(target)).to.deep.equal([
      ["name=x", '"a"'],
      ["name=y", '"b"'],
    ]);
    await commit(source, [
      entry(`${KIND.index}name=x`, '"b"'),
      { kind: "delete", key: `${KIND.index}name=y` },
    ]);
    const kept = await copyStorage(ctx, source.storage, target.storage, { resume: true }).catch(
      (error: unknown) => error,
    );
    expect(kept).to.be.instanceOf(StorageError).and.include({ reason: "differs", key: undefined });
    await copyStorage(ctx, source.storage, target.storage, options);
    expect(await indexOf(target)).to.deep.equal([["name=x", '"b"']]);
  });

  it("of a store whose key is missing is refused as such, with the name of what does not open", async () => {
    const kept = await new KeptStore().open();
    {
      await using store = await kept.storage(ENCRYPTED);
      await store.set(ctx, "a", 1);
      await store.list("list").rpush(ctx, 1);
    }
    const other = { encryption: { keys: [{ id: "k2", env: keyVariable("k2") }] } };
    await using unreadable = await kept.storage(other);
    await using empty = await openStorage();
    const error: unknown = await copyStorage(ctx, unreadable, empty).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.include({ code: 5003, reason: "wrong-key", operation: "copyStorage", key: "a" });
    const list: unknown = await copyStorage(ctx, unreadable, empty, { pattern: "list" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(list).to.be.instanceOf(StorageError).and.include({ code: 5003, reason: "wrong-key" });
    const again: unknown = await copyStorage(ctx, unreadable, empty, { resume: true }).catch(
      (thrown: unknown) => thrown,
    );
    expect(again).to.be.instanceOf(StorageError).and.include({ code: 5003, reason: "wrong-key" });
    await kept.close();
  });
});

function entry(key: string, data: string): Write {
  return { kind: "put", key, type: 5, codec: 1, data, expiry: undefined };
}

let batches = 0;

async function commit({ backend }: TappedStore, writes: readonly Write[]): Promise<void> {
  const id = `raw${(batches += 1)}`;
  await backend.commit([{ id, ctx, namespace: "", checks: [], ranges: [], writes }]);
}

async function indexOf({ backend }: TappedStore): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { entries } of backend.scan(ctx, "", { start: KIND.index, end: "\u0000y" }))
    found.push(...entries.map(({ key, data }) => [key.slice(KIND.index.length), data]));
  return found;
}
