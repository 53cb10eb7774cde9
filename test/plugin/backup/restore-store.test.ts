import { expect } from "chai";
import type { Write } from "../../../src/backends/backend.js";
import {
  background,
  StorageError,
  withCancel,
  type RestoreOptions,
  type RestoreProgress,
} from "../../../src/index.js";
import { EVERYTHING, prefixRange } from "../../../src/core/range.js";
import { itemRange } from "../../../src/core/incarnation.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";

const ctx = background();
const MANY = new Map(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]));

describe("restore", () => {
  let rig: BackupRig;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
  });
  afterEach(() => rig.close());

  const restore = (name: string, options?: RestoreOptions) =>
    rig.target.restore(ctx, rig.path(name), options);

  it("says what it did, and gives entries versions of their own", async () => {
    await rig.source.setBatch(ctx, { a: 1, b: 2 });
    await rig.source.namespace("n").set(ctx, "c", 3);
    const { id } = await rig.backup("one");
    const createdAt = new Date(rig.runtime.clock.wall());
    expect(await restore("one")).to.deep.equal({
      id,
      createdAt,
      namespaces: ["", "n"],
      records: 3,
      occupied: [],
    });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
    const versions = [await rig.source.getEntry(ctx, "a"), await rig.target.getEntry(ctx, "a")];
    expect(versions[0]?.version).to.not.equal(versions[1]?.version);
    expect(await rig.target.verify(ctx)).to.deep.equal({ ok: true, entries: 3, orphans: 0, problems: [] });
  });

  it("refuses a store that is not empty, before it writes anything", async () => {
    await rig.source.namespace("n").set(ctx, "a", 1);
    await rig.backup("one");
    await rig.target.namespace("other").set(ctx, "a", "mine");
    const before = rig.writes;
    const error = await thrownBy(restore("one"));
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.include({ code: 5002, reason: "not-empty", operation: "restore", namespace: "other" });
    expect(rig.writes).to.equal(before);
    await restore("one", { replace: true });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("restores one namespace, under its name or another one, and leaves the others alone", async () => {
    await rig.source.namespace("n").setBatch(ctx, { a: 1, b: 2 });
    await rig.source.set(ctx, "root", 1);
    await rig.backup("one");
    await rig.target.namespace("mine").set(ctx, "a", "mine");
    await restore("one", { namespace: "n" });
    await restore("one", { namespace: { from: "", to: "old root" } });
    const taken = await thrownBy(restore("one", { namespace: { from: "n", to: "mine" } }));
    expect(taken).to.include({ reason: "not-empty", namespace: "mine" });
    const expected = { mine: { a: "mine" }, n: { a: 1, b: 2 }, "old root": { root: 1 } };
    expect(plain(await valuesOf(rig.target))).to.deep.equal(expected);
    await restore("one", { namespace: { from: "n", to: "mine" }, replace: true });
    expect(plain(await valuesOf(rig.target))).to.deep.equal({ ...expected, mine: { a: 1, b: 2 } });
    const absent = await thrownBy(restore("one", { namespace: "absent" }));
    expect(absent).to.include({ code: 5002, reason: "invalid-namespace" });
    expect((absent as Error).message).to.include('"n"');
  });

  it("keeps deadlines as moments, and restores nothing that has expired by then", async () => {
    await rig.source.setBatch(ctx, { short: 1, long: 1 }, "10s");
    await rig.source.set(ctx, "long", 1, "1h");
    await rig.source.set(ctx, "gone", 1, "1s");
    await rig.runtime.advance(1000);
    await rig.backup("one");
    await rig.runtime.advance(9000);
    await restore("one");
    expect(await rig.target.keys(ctx)).to.deep.equal(["long"]);
    expect(await rig.target.ttl(ctx, "long")).to.equal(3_590_000);
  });

  it("leaves out what had expired when the backup was made, also for a store whose clock is behind", async () => {
    await rig.source.set(ctx, "a", "old");
    await rig.backup("one");
    await rig.source.set(ctx, "a", "new", 5);
    rig.sourceTap.afterRead = async () => rig.runtime.advance(1);
    await rig.backup("two", "one");
    await rig.runtime.advance(10);
    await rig.backup("three", "two");
    rig.runtime.stepWall(-3_600_000);
    await restore("three");
    expect(await rig.target.keys(ctx)).to.deep.equal([]);
  });

  it("gives structures incarnations that work, whatever ranges of items were removed", async () => {
    const [list, hash] = ["L".repeat(22), "H".repeat(22)];
    await commit([
      { ...put("list", "head"), type: 2, incarnation: list },
      { ...put("hash", "head"), type: 3, incarnation: hash },
      ...["1", "2", "3"].map((at) => ({ ...put(`\0i${list}${at}`, `item ${at}`), type: 5 as const })),
      ...["x", "y"].map((at) => ({ ...put(`\0i${hash}${at}`, `field ${at}`), type: 5 as const })),
    ]);
    await rig.backup("one");
    await commit([{ kind: "delete-range", range: { start: `\0i${list}1`, end: `\0i${list}3` } }]);
    await commit([{ kind: "delete-range", range: { ...itemRange(hash), start: `\0i${hash}y` } }]);
    await commit([{ ...put("other", "head"), type: 2, incarnation: "O".repeat(22) }]);
    await commit([put(`\0i${"O".repeat(22)}1`, "item")]);
    await commit([{ kind: "delete-range", range: itemRange("O".repeat(22)) }]);
    await rig.backup("two", "one");
    await restore("two");
    const held = await everything();
    expect(held.heads).to.have.keys("list", "hash", "other");
    const [newList, newHash] = [held.heads.get("list"), held.heads.get("hash")];
    for (const id of [newList, newHash]) expect(id).to.match(/^[\w-]{22}$/);
    expect(new Set([newList, newHash, list, hash]).size).to.equal(4);
    expect(held.items).to.deep.equal({ [`${newList}3`]: "item 3", [`${newHash}x`]: "field x" });
    await commit([{ kind: "delete-range", range: prefixRange("\0") }]);
    await rig.backup("three", "two");
    await restore("three", { replace: true });
    expect((await everything()).items).to.deep.equal({});
  });

  it("writes nothing with dryRun, and names what stands in the way", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("one");
    expect(await restore("one", { dryRun: true })).to.include({ records: 3000 });
    expect(rig.writes).to.equal(0);
    await rig.target.set(ctx, "a", 1);
    await rig.target.namespace("m").set(ctx, "b", 2);
    for (const replace of [false, true]) {
      const { occupied } = await rig.target.restore(ctx, rig.path("one"), { dryRun: true, replace });
      expect(occupied, `replace: ${replace}`).to.deep.equal(["", "m"]);
    }
    const only = { dryRun: true, namespace: { from: "", to: "m" } };
    expect((await rig.target.restore(ctx, rig.path("one"), only)).occupied).to.deep.equal(["m"]);
    const free = { dryRun: true, namespace: { from: "", to: "n" } };
    expect((await rig.target.restore(ctx, rig.path("one"), free)).occupied).to.deep.equal([]);
    expect(await rig.target.get(ctx, "a")).to.equal(1);
    expect((await rig.target.restore(ctx, rig.path("one"), { replace: true })).occupied).to.deep.equal([]);
    expect(await rig.target.listNamespaces(ctx)).to.deep.equal([""]);
  });

  it("refuses a value that the store does not take, before it writes anything", async () => {
    await rig.source.setBatch(ctx, { a: 1, large: "x".repeat(2000) });
    await rig.backup("one");
    Object.assign(rig.targetTap, { limits: { maxValueBytes: 1000 } });
    expect(await thrownBy(restore("one"))).to.include({ code: 5002, reason: "too-large" });
    expect(rig.writes).to.equal(0);
  });

  it("keeps to the limits of the store on batches", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("one");
    Object.assign(rig.targetTap, { limits: { maxBatchEntries: 7, maxBatchBytes: 20 } });
    const sizes: number[] = [];
    rig.targetTap.beforeCommit = (batches) => void sizes.push(...batches.map(({ writes }) => writes.length));
    await restore("one");
    expect(Math.max(...sizes)).to.equal(7);
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("that ends early leaves a store that says so, until it is restored again", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.source.namespace("n").set(ctx, "a", 1);
    await rig.backup("one");
    const [cancelled, cancel] = withCancel(ctx);
    let commits = 0;
    rig.targetTap.afterCommit = () => {
      commits += 1;
      if (commits === 4) cancel();
    };
    const error = await thrownBy(rig.target.restore(cancelled, rig.path("one")));
    expect(error).to.include({ code: 5002, reason: "cancelled" });
    const report = await rig.target.verify(ctx);
    expect(report.problems.map(({ reason, namespace }) => [reason, namespace])).to.deep.equal([
      ["truncated", ""],
      ["truncated", "n"],
    ]);
    expect(await thrownBy(restore("one"))).to.include({ reason: "not-empty" });
    const unfinished = await thrownBy(rig.target.backup(ctx, rig.path("part")));
    expect(unfinished).to.include({ code: 5003, reason: "truncated", operation: "backup" });
    await restore("one", { replace: true });
    expect((await rig.target.verify(ctx)).ok).to.equal(true);
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("refuses a namespace that somebody wrote to after it was found empty", async () => {
    await rig.source.setBatch(ctx, { a: 1 });
    await rig.backup("one");
    let isFirst = true;
    rig.targetTap.beforeCommit = async () => {
      if (!isFirst) return;
      isFirst = false;
      await rig.backends.target.commit([{ ...EMPTY_BATCH, id: "theirs", writes: [put("b", "theirs")] }]);
    };
    expect(await thrownBy(restore("one"))).to.include({ reason: "not-empty" });
    expect(await rig.target.find(ctx, "*")).to.deep.equal(new Map([["b", "theirs"]]));
  });

  it("refuses options that do not fit", async () => {
    await rig.backup("one");
    const wrong: unknown[] = [
      null,
      { replace: 1 },
      { dryRun: "x" },
      { namespace: 5 },
      { namespace: { from: "" } },
    ];
    for (const options of [
      ...wrong,
      { to: "x" },
      { namespace: { from: "", to: "x", by: 1 } },
      { onProgress: {} },
    ]) {
      const call = restore("one", options as RestoreOptions);
      expect(await thrownBy(call), JSON.stringify(options)).to.be.instanceOf(TypeError);
    }
    expect(await thrownBy(rig.target.restore(ctx, ""))).to.be.instanceOf(TypeError);
    const long = await thrownBy(restore("one", { namespace: { from: "", to: "x".repeat(200) } }));
    expect(long).to.include({ code: 5002, reason: "invalid-namespace" });
  });

  it("tells its progress, and ends with what onProgress throws", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("one");
    const told: RestoreProgress[] = [];
    rig.targetTap.afterCommit = () => rig.runtime.advance(150);
    await restore("one", { onProgress: (progress) => void told.push(progress) });
    expect(told[0]).to.deep.equal({ phase: "checking", namespace: "", records: 1, done: false });
    expect(told.at(-1)).to.deep.equal({ phase: "writing", namespace: "", records: 3000, done: true });
    expect(told.length).to.be.within(4, 8);
    const mine = new Error("enough");
    const onProgress = () => Promise.reject(mine);
    expect(await thrownBy(restore("one", { replace: true, onProgress }))).to.equal(mine);
  });

  const EMPTY_BATCH = { ctx, namespace: "", checks: [], ranges: [] };
  let batches = 0;

  async function commit(writes: readonly Write[]): Promise<void> {
    const id = `raw${(batches += 1)}`;
    const [result] = await rig.backends.source.commit([{ ...EMPTY_BATCH, id, writes }]);
    expect(result).to.have.property("status", "committed");
  }

  /** The incarnations of heads, and the items by incarnation and place. */
  async function everything() {
    const heads = new Map<string, string | undefined>();
    const items: Record<string, unknown> = {};
    for await (const { entries } of rig.backends.target.scan(ctx, "", EVERYTHING)) {
      for (const { key, incarnation, data } of entries) {
        if (key.startsWith("\0i")) items[key.slice(2)] = JSON.parse(data as string);
        else heads.set(key, incarnation);
      }
    }
    return { heads, items };
  }
});

function put(key: string, value: string) {
  const data = JSON.stringify(value);
  return { kind: "put", key, type: 1, codec: 1, data, expiry: undefined } as const;
}

function plain(values: Map<string, Map<string, unknown>>): unknown {
  return Object.fromEntries([...values].map(([name, held]) => [name, Object.fromEntries(held)]));
}
