import { expect } from "chai";
import type { Batch, Put, Write } from "../../../src/backends/backend.js";
import { background, copyStorage, StorageFault, type CopyOptions } from "../../../src/index.js";
import { ENTRY_TYPE } from "../../../src/core/entry.js";
import { KIND } from "../../../src/core/key.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { openTapped, type Tap, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();
const MANY = new Map(Array.from({ length: 1100 }, (_, i) => [`k${String(i).padStart(4, "0")}`, i]));

describe("copyStorage while things change", () => {
  let runtime: FakeRuntime;
  let sourceTap: Tap;
  let targetTap: Tap;
  let source: TappedStore;
  let target: TappedStore;

  beforeEach(async () => {
    runtime = new FakeRuntime();
    sourceTap = {};
    targetTap = {};
    source = await openTapped({ backend: "memory" }, sourceTap, { runtime });
    target = await openTapped({ backend: "memory", cache_size: 0 }, targetTap, { runtime });
  });

  afterEach(async () => {
    await source.storage.stop();
    await target.storage.stop();
  });

  const copy = (options?: CopyOptions) => copyStorage(ctx, source.storage, target.storage, options);

  async function failureOf(options?: CopyOptions): Promise<Error> {
    return copy(options).then(
      () => {
        throw new Error("the copy must fail");
      },
      (error: unknown) => error as Error,
    );
  }

  /** Once, after the first batch has arrived. */
  function meanwhile(work: () => Promise<unknown>): void {
    targetTap.afterCommit = async () => {
      targetTap.afterCommit = () => undefined;
      await work();
    };
  }

  const CHANGES: readonly [string, (n: TappedStore["storage"]) => Promise<unknown>, RegExp][] = [
    ["a value that changes", (store) => store.namespace("n").set(ctx, "k0003", "new"), /its values differ/],
    [
      "a key that goes",
      (store) => store.namespace("n").delete(ctx, "k0003"),
      /only the target has it.*delete it/,
    ],
    ["a key that comes", (store) => store.namespace("n").set(ctx, "k0003a", 1), /only the source has it/],
    [
      "a time to live that comes",
      (store) => store.namespace("n").expire(ctx, "k0003", "1h"),
      /only one.*expires/,
    ],
    ["a namespace that comes", (store) => store.namespace("o").set(ctx, "k", 1), /only the source has it/],
  ];
  for (const [name, change, message] of CHANGES) {
    it(`tells of ${name} in the source behind the copy`, async () => {
      await source.storage.namespace("n").setBatch(ctx, MANY);
      meanwhile(() => change(source.storage));
      const error = await failureOf();
      expect(error).to.include({ code: 5002, reason: "differs", retryable: false, operation: "copyStorage" });
      expect(error).to.include(
        name.startsWith("a namespace") ? { namespace: "o", key: "k" } : { namespace: "n" },
      );
      expect(error)
        .to.have.property("key")
        .that.matches(/^k(0003a?)?$/);
      expect(error.message).to.match(message);
      await copy({ resume: true, prune: true });
    });
  }

  it("says nothing of a change without verify", async () => {
    await source.storage.setBatch(ctx, MANY);
    meanwhile(() => source.storage.set(ctx, "k0003", "new"));
    expect(await copy({ verify: false })).to.include({ copied: 1100 });
    expect(await target.storage.get(ctx, "k0003")).to.equal(3);
  });

  it("never overwrites what somebody else wrote to the target", async () => {
    await source.storage.setBatch(ctx, MANY);
    const onProgress = () => target.storage.set(ctx, "k1000", "mine");
    const error = await failureOf({ onProgress });
    expect(error).to.include({ code: 5002, reason: "conflict", retryable: true, key: "k1000" });
    expect(await target.storage.get(ctx, "k1000")).to.equal("mine");
  });

  it("gives up when a conflict names no key", async () => {
    await source.storage.set(ctx, "a", 1);
    target.backend.commit = async (batches) =>
      batches.map(() => ({ status: "conflict", now: 0, conflicts: [] }));
    expect(await failureOf()).to.include({ code: 5002, reason: "conflict" });
  });

  it("copies times to live as time left, and not what expires meanwhile", async () => {
    await source.storage.set(ctx, "a", 1, 1000);
    await source.storage.set(ctx, "b", 2, 10_000);
    await source.storage.set(ctx, "c", 3);
    sourceTap.afterRead = () => runtime.advance(1000);
    targetTap.beforeCommit = () => runtime.advance(500);
    expect(await copy({ verify: false })).to.include({ copied: 2, expired: 1 });
    expect(await target.storage.keys(ctx)).to.deep.equal(["b", "c"]);
    expect(await target.storage.ttl(ctx, "b")).to.equal(9000);
    expect(await source.storage.ttl(ctx, "b")).to.equal(8500);
    expect(await target.storage.ttl(ctx, "c")).to.equal(-1);
  });

  it("takes no entry for lost that only expired in one store before the other", async () => {
    await source.storage.setBatch(ctx, { a: 1, c: 3 });
    await source.storage.set(ctx, "b", 2, 10_000);
    targetTap.beforeCommit = () => runtime.advance(500);
    await copy();
    await runtime.advance(9500);
    expect(await source.storage.exists(ctx, "b")).to.equal(false);
    expect(await target.storage.exists(ctx, "b")).to.equal(true);
    expect(await copy({ resume: true })).to.include({ copied: 0, skipped: 2 });
  });

  it("takes an entry for lost that should live on, whatever its time to live", async () => {
    await source.storage.set(ctx, "a", 1);
    await copy();
    await target.storage.set(ctx, "b", 2, 5000);
    expect(await failureOf({ resume: true })).to.include({ reason: "differs", key: "b" });
  });

  it("lets a key of the target expire while it is about to be replaced", async () => {
    await source.storage.set(ctx, "a", "new");
    await target.storage.set(ctx, "a", "old", 1000);
    targetTap.beforeCommit = () => runtime.advance(2000);
    expect(await copy({ resume: true })).to.include({ copied: 1 });
    expect(await target.storage.get(ctx, "a")).to.equal("new");
  });

  it("names the store that failed", async () => {
    await source.storage.set(ctx, "a", 1);
    sourceTap.afterRead = () => {
      throw new StorageFault("checksum", "a value is damaged", { key: "a" });
    };
    expect(await failureOf()).to.include({ code: 5003, reason: "checksum", key: "a" });
    sourceTap.afterRead = () => undefined;
    await target.storage.stop();
    expect(await failureOf()).to.include({ code: 5002, reason: "closed" });
    await source.storage.stop();
    expect(await failureOf()).to.include({ code: 5001, reason: "closed" });
  });

  it("keeps batches within the limits of the target, and reads in bounded memory", async () => {
    const text = "x".repeat(300_000);
    const big = new Map(Array.from({ length: 60 }, (_, i) => [`b${i}`, text]));
    await source.storage.setBatch(ctx, big);
    const sizes: number[] = [];
    sourceTap.afterRead = ({ entries }) =>
      void sizes.push(entries.reduce((sum, e) => sum + (e?.size ?? 0), 0));
    const batches: Batch[] = [];
    targetTap.beforeCommit = (sent) => void batches.push(...sent);
    Object.assign(targetTap, { limits: { maxBatchEntries: 12, maxBatchBytes: 1_000_000 } });
    expect(await copy()).to.include({ copied: 60 });
    expect(Math.max(...sizes)).to.be.within(300_000, 4 * 1024 * 1024);
    for (const { writes, checks } of batches) {
      expect(writes.length + checks.length).to.be.within(2, 12);
      expect(writes.reduce((sum, write) => sum + (write as Put).data.length, 0)).to.be.at.most(1_000_000);
    }
  });

  it("says which value is too large for the target", async () => {
    await source.storage.namespace("n").setBatch(ctx, { a: 1, b: "x".repeat(100) });
    await target.storage.stop();
    const limits = { maxBatchBytes: 64 * 1024 * 1024 };
    target = await openTapped({ backend: "memory" }, { limits }, { runtime });
    const commit = target.backend.commit.bind(target.backend);
    target.backend.commit = async (batches) => {
      const put = batches
        .flatMap(({ writes }) => writes as readonly Put[])
        .find(({ data }) => data.length > 64);
      if (put !== undefined)
        throw new StorageFault("too-large", "over 64 bytes", { key: put.key, namespace: "n" });
      return commit(batches);
    };
    expect(await failureOf()).to.include({ code: 5002, reason: "too-large", key: "b", namespace: "n" });
  });

  describe("of structures", () => {
    const ONE = "1".repeat(22);
    const TWO = "2".repeat(22);

    function listOf(key: string, incarnation: string, items: readonly string[]): Write[] {
      const common = { kind: "put", codec: 1, expiry: undefined } as const;
      const puts = items.map((data, i) => {
        const place = `${KIND.item}${incarnation}${i}`;
        return { ...common, key: place, type: ENTRY_TYPE.part, data: JSON.stringify(data) };
      });
      return [...puts, { ...common, key, type: ENTRY_TYPE.list, data: String(items.length), incarnation }];
    }

    async function put({ backend }: TappedStore, id: string, writes: readonly Write[]): Promise<void> {
      const [result] = await backend.commit([{ id, ctx, namespace: "", checks: [], ranges: [], writes }]);
      expect(result?.status).to.equal("committed");
    }

    async function rawOf({ backend }: TappedStore): Promise<unknown[]> {
      const found: unknown[] = [];
      for await (const { entries } of backend.scan(ctx, "", { start: "" })) {
        for (const { key, type, data, incarnation } of entries) found.push([key, type, data, incarnation]);
      }
      return found;
    }

    it("carries their items, and only those of the keys that match", async () => {
      await put(source, "v1", [...listOf("mine", ONE, ["a", "b"]), ...listOf("other", TWO, ["c"])]);
      expect(await copy({ pattern: "m*" })).to.include({ copied: 1 });
      const expected = (await rawOf(source)).filter((entry) => !JSON.stringify(entry).match(/other|2222/));
      expect(expected).to.have.length(3);
      expect(await rawOf(target)).to.deep.equal(expected);
      expect(await target.storage.type(ctx, "mine")).to.equal("list");
    });

    it("goes on with them: new items, items that are gone, and a structure that was made anew", async () => {
      await put(source, "v1", [...listOf("kept", ONE, ["a", "b", "c"]), ...listOf("anew", TWO, ["d", "e"])]);
      await copy();
      expect(await copy({ resume: true })).to.include({ copied: 0, skipped: 2 });
      const range = { start: `${KIND.item}${ONE}`, end: `${KIND.item}${TWO}\u{10ffff}` };
      await put(source, "v2", [{ kind: "delete-range", range }, ...listOf("kept", ONE, ["a", "x"])]);
      await put(source, "v3", listOf("anew", "3".repeat(22), ["f"]));
      expect(await copy({ resume: true })).to.include({ copied: 2, skipped: 0 });
      expect(await rawOf(target)).to.deep.equal(await rawOf(source));
    });

    it("deletes their items with them, and tells of an item that differs", async () => {
      await put(source, "v1", [...listOf("one", ONE, ["a"]), ...listOf("two", TWO, ["b"])]);
      await copy();
      meanwhile(() => put(source, "v3", listOf("one", ONE, ["changed"]).slice(0, 1)));
      await source.storage.set(ctx, "z", 1);
      expect(await failureOf({ resume: true })).to.include({ reason: "differs", key: "one" });
      const items = { start: `${KIND.item}${TWO}`, end: `${KIND.item}${TWO}\u{10ffff}` };
      await put(source, "v4", [
        { kind: "delete-range", range: items },
        { kind: "delete", key: "two" },
      ]);
      expect(await copy({ resume: true, prune: true })).to.include({ deleted: 1 });
      expect(await rawOf(target)).to.deep.equal(await rawOf(source));
    });
  });
});
