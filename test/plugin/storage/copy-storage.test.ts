import { expect } from "chai";
import {
  background,
  copyStorage,
  openStorage,
  StorageError,
  StorageFault,
  withCancel,
  withTimeout,
  type CopyOptions,
  type CopyProgress,
  type Storage,
  type StoragePlugin,
} from "../../../src/index.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { valuesOf } from "../../support/store-values.js";
import { openTapped, type Tap, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("the call must reject");
    },
    (error: unknown) => error,
  );
}

/** In key order. */
const MANY = new Map(Array.from({ length: 2000 }, (_, i) => [`k${String(i).padStart(4, "0")}`, i]));

describe("copyStorage", () => {
  let runtime: FakeRuntime;
  let sourceTap: Tap;
  let targetTap: Tap;
  let source: StoragePlugin;
  let target: TappedStore;

  beforeEach(async () => {
    runtime = new FakeRuntime();
    sourceTap = {};
    targetTap = {};
    source = (await openTapped({ backend: "memory" }, sourceTap, { runtime })).storage;
    target = await openTapped({ backend: "memory" }, targetTap, { runtime });
  });

  afterEach(async () => {
    await source.stop();
    await target.storage.stop();
  });

  const copy = (options?: CopyOptions, from: Storage = source) =>
    copyStorage(ctx, from, target.storage, options);

  it("says what it did", async () => {
    await source.setBatch(ctx, { a: 1, b: "two" });
    await source.namespace("n").set(ctx, "c", 3);
    await target.storage.namespace("other").set(ctx, "x", 1);
    const { digest, ...counts } = await copy();
    const expected = { namespaces: 2, copied: 3, skipped: 0, deleted: 0, expired: 0, bytes: 7 };
    expect(counts).to.deep.equal({ ...expected, untouched: ["other"] });
    expect(digest).to.match(/^[0-9a-f]{64}$/);
  });

  it("gives another digest for another key, value, type of value or namespace, and none without verify", async () => {
    const digests = new Set<string | undefined>();
    for (const [name, key, value] of [
      ["", "a", 1],
      ["", "b", 1],
      ["", "a", 2],
      ["", "a", "1"],
      ["n", "a", 1],
    ] as const) {
      await using from = await openStorage();
      await using to = await openStorage();
      await (name === "" ? from : from.namespace(name)).set(ctx, key, value);
      digests.add((await copyStorage(ctx, from, to)).digest);
    }
    expect(digests).to.have.property("size", 5);
    expect(await copy({ verify: false })).not.to.have.property("digest");
  });

  it("copies only the keys that match, and leaves the others of the target as they are", async () => {
    await source.setBatch(ctx, { "user:1": 1, "user:2": 2, "order:1": 3 });
    await source.namespace("n").setBatch(ctx, { "user:3": 4, z: 5 });
    await target.storage.set(ctx, "order:1", "mine");
    expect(await copy({ pattern: "user:?" })).to.include({ copied: 3 });
    expect(await target.storage.keys(ctx)).to.deep.equal(["order:1", "user:1", "user:2"]);
    expect(await target.storage.get(ctx, "order:1")).to.equal("mine");
    expect(await target.storage.namespace("n").keys(ctx)).to.deep.equal(["user:3"]);
    expect(await copy({ pattern: "" })).to.include({ copied: 0 });
  });

  it("refuses options and stores that do not fit", async () => {
    const wrong: unknown[] = [null, "x", { pattern: 1 }, { patern: "*" }, { verify: 1 }, { onProgress: 1 }];
    for (const options of [...wrong, { resume: "yes" }, { prune: true }]) {
      expect(await thrownBy(copy(options as CopyOptions)), JSON.stringify(options)).to.be.instanceOf(
        TypeError,
      );
    }
    for (const store of [source.namespace("n"), target.storage, {}, undefined]) {
      const call = copyStorage(ctx, store as Storage, target.storage);
      expect(await thrownBy(call)).to.be.instanceOf(TypeError);
    }
    expect(await thrownBy(copyStorage(undefined as never, source, target.storage))).to.be.instanceOf(
      TypeError,
    );
    expect(await thrownBy(copy({ pattern: "[" }))).to.include({ code: 5001, reason: "invalid-pattern" });
  });

  it("refuses a target that holds one of the keys, before it writes anything", async () => {
    await source.setBatch(ctx, { a: 1, b: 2 });
    await source.namespace("n").setBatch(ctx, { c: 1, d: 2 });
    await target.storage.namespace("n").set(ctx, "d", "mine");
    const error = await thrownBy(copy());
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.include({
      code: 5002,
      reason: "not-empty",
      operation: "copyStorage",
      key: "d",
      namespace: "n",
    });
    expect(await valuesOf(target.storage)).to.deep.equal(new Map([["n", new Map([["d", "mine"]])]]));
  });

  it("tells its progress, at most every 200 ms and at the end", async () => {
    await source.namespace("n").setBatch(ctx, MANY);
    targetTap.afterCommit = () => runtime.advance(150);
    const told: CopyProgress[] = [];
    await copy({ onProgress: (progress) => void told.push(progress) });
    expect(told.map(({ done }) => done)).to.deep.equal([false, false, false, true]);
    expect(told.map(({ copied }) => copied)).to.deep.equal([0, 1000, 2000, 2000]);
    expect(told.at(-1)).to.deep.equal({
      namespace: "n",
      copied: 2000,
      skipped: 0,
      deleted: 0,
      bytes: told.at(-1)?.bytes,
      compared: 2000,
      done: true,
    });
  });

  it("ends with what onProgress throws", async () => {
    await source.setBatch(ctx, MANY);
    const mine = new Error("enough");
    const onProgress = async () => {
      throw mine;
    };
    expect(await thrownBy(copy({ onProgress }))).to.equal(mine);
  });

  it("goes on where it was cancelled, and writes nothing twice", async () => {
    await source.setBatch(ctx, MANY);
    const [ending, cancel] = withCancel(ctx);
    targetTap.beforeCommit = () => (target.writes() >= 500 ? cancel() : undefined);
    const error = await thrownBy(copyStorage(ending, source, target.storage));
    expect(error).to.include({ code: 5002, reason: "cancelled", backend: "memory" });
    expect(await thrownBy(copy())).to.include({ reason: "not-empty" });
    targetTap.beforeCommit = () => undefined;
    const { copied, skipped } = await copy({ resume: true });
    expect(copied + skipped).to.equal(2000);
    expect(skipped).to.be.at.least(500);
    expect(target.writes()).to.equal(2000);
  });

  it("refuses a context that is over, and one that ends while it reads", async () => {
    await source.setBatch(ctx, MANY);
    const [over, end] = withCancel(ctx);
    end();
    expect(await thrownBy(copyStorage(over, source, target.storage))).to.include({
      code: 5002,
      reason: "cancelled",
    });
    const [ending, cancel] = withTimeout(ctx, "1h");
    sourceTap.afterRead = () => cancel();
    const error = await thrownBy(copyStorage(ending, source, target.storage));
    expect(error).to.include({ reason: "cancelled", operation: "copyStorage" });
  });

  it("goes on after a commit of which nobody knows whether it happened", async () => {
    await source.setBatch(ctx, MANY);
    targetTap.afterCommit = () => {
      throw new StorageFault("unavailable", "the connection broke", { outcome: "unknown" });
    };
    expect(await thrownBy(copy())).to.include({ code: 5002, reason: "unavailable", outcome: "unknown" });
    targetTap.afterCommit = () => undefined;
    expect(await copy({ resume: true })).to.include({ copied: 1500, skipped: 500 });
  });

  it("replaces what differs when it resumes, a time to live included, and nothing else", async () => {
    await source.setBatch(ctx, { a: 1, b: 2, c: 3, d: 4 });
    await source.set(ctx, "e", 5, "1h");
    await copy();
    await source.set(ctx, "b", "new");
    await source.expire(ctx, "c", "10m");
    await source.persist(ctx, "e");
    await target.storage.set(ctx, "d", "changed here");
    expect(await copy({ resume: true })).to.include({ copied: 4, skipped: 1, deleted: 0 });
    expect(await valuesOf(target.storage)).to.deep.equal(await valuesOf(source));
    expect(await target.storage.ttl(ctx, "c")).to.equal(600_000);
    expect(await target.storage.ttl(ctx, "e")).to.equal(-1);
  });

  it("names what only the target has, and deletes it when told to prune", async () => {
    await source.setBatch(ctx, { a: 1, b: 2, c: 3 });
    await copy();
    await source.delete(ctx, "b");
    await target.storage.namespace("other").set(ctx, "x", 1);
    const error = await thrownBy(copy({ resume: true }));
    expect(error).to.include({ code: 5002, reason: "differs", key: "b" });
    expect((error as Error).message).to.match(/only the target has it.*prune/);
    expect(await target.storage.exists(ctx, "b")).to.equal(true);
    expect(await copy({ resume: true, prune: true, pattern: "x*" })).to.include({ deleted: 0 });
    const { deleted, untouched } = await copy({ resume: true, prune: true });
    expect([deleted, untouched]).to.deep.equal([1, ["other"]]);
    expect(await target.storage.keys(ctx)).to.deep.equal(["a", "c"]);
  });
});
