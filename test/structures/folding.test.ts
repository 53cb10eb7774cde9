import { expect } from "chai";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  background,
  defaultBackends,
  type List,
  openStorage,
  withTimeout,
  type Context,
  type StorageError,
  type StoragePlugin,
} from "../../src/index.js";
import { backgroundOn } from "../../src/core/context.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import type { Limits } from "../../src/backends/backend.js";
import type { StoredEntry } from "../../src/core/entry.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

const ctx = background();

interface Folding {
  readonly storage: StoragePlugin;
  readonly faults: FaultBackend;
  /** How many batches were committed since it was last asked. */
  readonly commits: () => Promise<number>;
}

/** A store that takes no more at once. */
async function folding(limits: Partial<Limits> = {}, runtime?: FakeRuntime): Promise<Folding> {
  let faults!: FaultBackend;
  const small = defaultBackends().with("small", async () => (setup) => {
    const inner = memoryBackend(setup);
    const { info } = inner;
    Object.defineProperty(inner, "info", { value: { ...info, limits: { ...info.limits, ...limits } } });
    faults = new FaultBackend(inner);
    return faults;
  });
  const storage = await openStorage({ backend: "small" }, { backends: small, ...(runtime && { runtime }) });
  let before = 0;
  const commits = async () => {
    const { position } = await faults.read(ctx, "", []);
    const made = position.ordinal - before;
    before = position.ordinal;
    return made;
  };
  return { storage, faults, commits };
}

/** A context whose deadline passes between two looks at it: each look takes a millisecond. */
function overAfter(looks: number): Context {
  const { timers } = new FakeRuntime();
  let ms = 0;
  const clock = { wall: () => 0, monotonic: () => ms++ };
  return withTimeout(backgroundOn({ clock, timers }), looks)[0];
}

describe("concurrent changes of one key", () => {
  it("that run out of time at any look say so, and whether they may have been made", async () => {
    const { storage } = await folding();
    const counter = storage.counter("counter");
    let [made, unknown] = [0, 0];
    for (let looks = 1; looks < 40; looks++) {
      const error = await counter.incr(overAfter(looks)).then(
        () => undefined,
        (reason: unknown) => reason as StorageError,
      );
      if (error?.outcome === "unknown") unknown += 1;
      if (error === undefined) made += 1;
      else expect([error.name, error.reason], `${looks} looks`).to.deep.equal(["StorageError", "timeout"]);
    }
    expect(made).to.be.within(1, 38);
    expect(await counter.get(ctx)).to.be.within(made, made + unknown);
    await storage.stop();
  });

  it("are made by two commits: of the first, and of all that came meanwhile", async () => {
    const { storage, commits } = await folding();
    const list = storage.list<number>("list");
    const pushed = Array.from({ length: 100 }, (_, i) => list.rpush(ctx, i));
    expect(await Promise.all(pushed)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(await commits()).to.equal(2);
    await nextTurn();
    await nextTurn();
    const popped = await Promise.all(Array.from({ length: 101 }, () => list.lpop(ctx)));
    expect(popped).to.deep.equal([...Array.from({ length: 100 }, (_, i) => i), undefined]);
    expect(await commits()).to.equal(2);
    await storage.stop();
  });

  it("are made by one commit with those that come as soon as others were answered", async () => {
    const { storage, commits } = await folding();
    const counter = storage.counter("count");
    const task = async () => {
      for (let i = 0; i < 10; i++) await counter.incr(ctx);
    };
    await Promise.all(Array.from({ length: 64 }, task));
    expect(await counter.get(ctx)).to.equal(640);
    expect(await commits()).to.be.within(10, 12);
    await storage.stop();
  });

  it("do not wait for those of other keys", async () => {
    const { storage, faults } = await folding();
    const held = faults.hold("read", "before");
    const first = storage.counter("a").incr(ctx);
    await held.reached;
    expect(await storage.counter("b").incr(ctx)).to.equal(1);
    held.release();
    expect(await first).to.equal(1);
    await storage.stop();
  });

  it("are all made again after a conflict", async () => {
    const { storage, faults } = await folding();
    const list = storage.list<number>("list");
    await list.rpush(ctx, 0);
    const held = faults.hold("commit", "before");
    const pushed = [1, 2, 3].map((i) => list.rpush(ctx, i));
    await held.reached;
    const other = changeElsewhere(faults);
    held.release();
    await other;
    expect(await Promise.all(pushed)).to.deep.equal([2, 3, 4]);
    expect(await list.lrange(ctx, 0, -1)).to.deep.equal([0, 1, 2, 3]);
    await storage.stop();
  });

  it("try again at once when they lost, and after several times let pass a little time", async () => {
    const runtime = new FakeRuntime();
    const { storage, faults } = await folding({}, runtime);
    const list = storage.list<number>("list");
    await list.rpush(ctx, 0);
    expect(await (await pushThatLoses(list, faults, 6)).pushed).to.equal(2);
    await runtime.advance(0);
    const { pushed } = await pushThatLoses(list, faults, 7);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(await Promise.race([pushed, nextTurn("waiting")])).to.equal("waiting");
    await runtime.advance(32);
    expect(await pushed).to.equal(3);
    await storage.stop();
  });

  it("give others a start, once they have lost against them, before the next commit", async () => {
    const runtime = new FakeRuntime();
    const { storage, faults } = await folding({}, runtime);
    const list = storage.list<number>("list");
    await list.rpush(ctx, 0);
    expect(await list.rpush(ctx, 1)).to.equal(2);
    const { pushed } = await pushThatLoses(list, faults, 1, { commitMs: 10, runtime });
    expect(await pushed).to.equal(3);
    const next = list.rpush(ctx, 2);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    await runtime.advance(4);
    expect(await Promise.race([next, nextTurn("waiting")])).to.equal("waiting");
    await runtime.advance(1);
    expect(await next).to.equal(4);
    await storage.stop();
  });

  it("are made again when what they know turns out to be old as they read", async () => {
    const { storage, faults } = await folding();
    const list = storage.list<number>("list");
    await list.rpush(ctx, 1, 2, 3);
    await changeElsewhere(faults);
    expect(await Promise.all([list.lpop(ctx), list.rpop(ctx)])).to.deep.equal([1, 3]);
    await changeElsewhere(faults);
    expect(await list.lindex(ctx, 0)).to.equal(2);
    await storage.stop();
  });

  it("are made one by one when their data is too much for one commit", async () => {
    const { storage, commits } = await folding({ maxBatchBytes: 250 });
    const list = storage.list<string>("list");
    const pushed = Array.from({ length: 4 }, (_, i) => list.rpush(ctx, `${i}`.repeat(100)));
    expect(await Promise.all(pushed)).to.deep.equal([1, 2, 3, 4]);
    expect(await commits()).to.equal(4);
    expect(await list.lindex(ctx, -1)).to.equal("3".repeat(100));
    await storage.stop();
  });

  it("are parted where the backend takes no more at once", async () => {
    const { storage, commits } = await folding({ maxBatchEntries: 40 });
    const list = storage.list<number>("list");
    const pushed = Array.from({ length: 60 }, (_, i) => list.rpush(ctx, i, i));
    await Promise.all(pushed);
    expect(await list.llen(ctx)).to.equal(120);
    expect(await commits())
      .to.be.greaterThan(4)
      .and.lessThan(20);
    await storage.stop();
  });

  it("leave nothing of one that is too large, and do not keep the others from theirs", async () => {
    const { storage } = await folding({ maxBatchEntries: 40 });
    const list = storage.list<number>("list");
    const many = Array.from({ length: 50 }, (_, i) => i);
    const calls = [list.rpush(ctx, 1), list.rpush(ctx, 2), list.rpush(ctx, ...many), list.rpush(ctx, 3)];
    const outcomes = await Promise.all(
      calls.map((call) => call.catch((error: StorageError) => error.reason)),
    );
    expect(outcomes).to.deep.equal([1, 2, "too-large", 3]);
    expect(await list.lrange(ctx, 0, -1)).to.deep.equal([1, 2, 3]);
    await storage.stop();
  });

  it("are refused in words that fit a single call when one of them is too large", async () => {
    const { storage } = await folding({ maxBatchEntries: 40, maxValueBytes: 1000 });
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, i]));
    const error: unknown = await storage
      .hash("hash")
      .hset(ctx, fields)
      .catch((thrown: unknown) => thrown);
    expect(error).to.include({
      reason: "too-large",
      message:
        'hash.hset of "hash" failed: one commit makes at most 40 writes on this backend; write less at once',
    });
    expect(await storage.exists(ctx, "hash")).to.equal(false);
    const { maxValueBytes } = (await storage.info(ctx)).limits;
    const large: unknown = await storage
      .hash("hash")
      .hset(ctx, { a: 1, b: "x".repeat(maxValueBytes) })
      .catch((thrown: unknown) => thrown);
    expect(large).to.include({ reason: "too-large" });
    expect((large as Error).message).to.match(/the field "b": the value takes \d+ bytes, more than the/);
    await storage.stop();
  });

  it("refuse a removal that moves more than the backend takes, and change nothing", async () => {
    const { storage } = await folding({ maxBatchEntries: 40 });
    const list = storage.list<number>("list");
    for (let i = 0; i < 5; i++) await list.rpush(ctx, ...Array.from({ length: 20 }, (_, j) => i * 20 + j));
    const error: unknown = await list.lrem(ctx, 0, 50).catch((thrown: unknown) => thrown);
    expect(error).to.include({
      reason: "too-large",
      code: 5002,
      key: "list",
      message:
        'list.lrem of "list" failed: it would move 49 items, and one commit makes at most 40 writes on this backend; ' +
        "put a mark in their place with lset, or keep shorter lists",
    });
    expect(await list.llen(ctx)).to.equal(100);
    expect(await list.lrem(ctx, 0, 10)).to.equal(1);
    expect(await list.lindex(ctx, 10)).to.equal(11);
    await storage.stop();
  });

  it("all end when the store does", async () => {
    const { storage, faults } = await folding();
    const held = faults.hold("commit", "before");
    const calls = Array.from({ length: 5 }, () => storage.counter("n").incr(ctx));
    await held.reached;
    const stopped = storage.stop();
    held.release();
    await stopped;
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes[0]).to.deep.include({ status: "fulfilled", value: 1 });
    for (const outcome of outcomes.slice(1)) {
      expect(outcome.status === "rejected" && outcome.reason.reason).to.equal("closed");
    }
  });
});

/** A push that has lost its first tries, each to another commit of the list; the next may take a time. */
async function pushThatLoses(
  list: List<number>,
  faults: FaultBackend,
  tries: number,
  { commitMs = 0, runtime }: { commitMs?: number; runtime?: FakeRuntime } = {},
): Promise<{ readonly pushed: Promise<number> }> {
  let held = faults.hold("commit", "before");
  const pushed = list.rpush(ctx, 1);
  for (let lost = 1; lost <= tries; lost++) {
    await held.reached;
    await changeElsewhere(faults);
    const { release } = held;
    if (lost < tries || commitMs > 0) held = faults.hold("commit", "before");
    release();
  }
  if (commitMs > 0) {
    await held.reached;
    await runtime?.advance(commitMs);
    held.release();
  }
  return { pushed };
}

/** Another process, as it were, writes the list once more as it is: its commit does not pass the pump. */
async function changeElsewhere(faults: FaultBackend): Promise<void> {
  const [head] = (await faults.read(ctx, "", ["list"])).entries;
  const { key, type, codec, data, incarnation = "", version } = head as StoredEntry;
  const put = { kind: "put", key, type, codec, data, incarnation, expiry: undefined } as const;
  const batch = { id: `${version}+`, ctx, namespace: "", checks: [], ranges: [], writes: [put] };
  await faults.commit([batch]);
}
