import { expect } from "chai";
import type { Backend, ReadResult } from "../../src/backends/backend.js";
import { EntryCache } from "../../src/cache/entry-cache.js";
import { EntryDecoder } from "../../src/cache/entry-decoder.js";
import { EntryReader } from "../../src/cache/entry-reader.js";
import { WriteThrough } from "../../src/cache/write-through.js";
import { codec, CodecTable } from "../../src/core/codec.js";
import { background, withCancel } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { headKey } from "../../src/core/key.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

const CTX = background();
let nextId = 0;

/** The layers below the transaction, put together by hand. */
async function cached() {
  const runtime = new FakeRuntime();
  const setup = suiteSetup({ runtime, changes: { count: 100, ageMs: 60_000 }, sweepIntervalMs: 60_000 });
  const backend = new FaultBackend(memoryBackend(setup));
  await backend.open(CTX);
  const payloads = new CodecTable(codec("json"));
  const decoder = new EntryDecoder(payloads, "copy");
  const cache = new EntryCache({ maxEntries: 100, maxBytes: 1_000_000, ttlMs: 0 }, runtime.clock);
  const reader = new EntryReader(backend, cache, decoder, runtime.clock, "cached");
  const observer = new WriteThrough(cache, decoder, runtime.clock);
  return { backend, cache, reader, observer, payloads };
}

type Cached = Awaited<ReturnType<typeof cached>>;

function putBatch({ payloads }: Cached, key: string, value: unknown) {
  nextId += 1;
  const { codec: by, data } = payloads.encode(value);
  const put = { kind: "put", key: headKey(key), type: 1, codec: by, data, expiry: undefined } as const;
  return { id: `id${nextId}`, ctx: CTX, namespace: "", checks: [], ranges: [], writes: [put] };
}

/** A commit told to the cache, its two moments apart. */
async function write(store: Cached, key: string, value: unknown): Promise<void> {
  const batches = [putBatch(store, key, value)];
  const sent = store.observer.sending(batches);
  store.observer.arrived(batches, await store.backend.commit(batches), sent);
}

async function valueOf({ reader }: Cached, key: string): Promise<unknown> {
  return (await reader.read(CTX, "", key)).handOut();
}

describe("EntryReader and WriteThrough", () => {
  it("keep what is read and what is written", async () => {
    const store = await cached();
    await write(store, "a", 1);
    expect(store.cache.peek("a")?.handOut()).to.equal(1);
    expect(await valueOf(store, "absent")).to.equal(undefined);
    expect(store.cache.peek("absent")?.version).to.equal(null);
  });

  it("do not keep a read that a write overtook", async () => {
    const store = await cached();
    await write(store, "a", "old");
    store.cache.clear();
    const held = store.backend.hold("read", "after");
    const read = valueOf(store, "a");
    await held.reached;
    await write(store, "a", "new");
    held.release();
    expect(await read).to.equal("old");
    expect(store.cache.peek("a")?.handOut()).to.equal("new");
  });

  it("do not keep a read that an overtaking write's own answer has not told of yet", async () => {
    const store = await cached();
    await write(store, "a", "old");
    store.cache.clear();
    const batches = [putBatch(store, "a", "new")];
    const sent = store.observer.sending(batches);
    const held = store.backend.hold("read", "after");
    const read = valueOf(store, "a");
    await held.reached;
    const results = await store.backend.commit(batches);
    held.release();
    expect(await read).to.equal("old");
    store.observer.arrived(batches, results, sent);
    expect(await valueOf(store, "a")).to.equal("new");
  });

  it("do not keep a write that another change overtook", async () => {
    const store = await cached();
    const batches = [putBatch(store, "a", "mine")];
    const sent = store.observer.sending(batches);
    const results = await store.backend.commit(batches);
    // Somebody else's change, told of before the answer to ours arrives.
    await store.backend.commit([putBatch(store, "a", "theirs")]);
    store.cache.invalidate("a");
    store.observer.arrived(batches, results, sent);
    expect(store.cache.peek("a")).to.equal(undefined);
    expect(await valueOf(store, "a")).to.equal("theirs");
  });

  it("keep nothing of a write among many, and forget what stood there", async () => {
    const store = await cached();
    await write(store, "a", "old");
    const batches = [{ ...putBatch(store, "a", "new"), isBulk: true }, putBatch(store, "b", "beside it")];
    const sent = store.observer.sending(batches);
    store.observer.arrived(batches, await store.backend.commit(batches), sent);
    expect(store.cache.peek("a")).to.equal(undefined);
    expect(store.cache.peek("b")?.handOut()).to.equal("beside it");
    expect(await valueOf(store, "a")).to.equal("new");
  });

  it("forget what a failed write may have written", async () => {
    const store = await cached();
    await write(store, "a", "old");
    const batches = [putBatch(store, "a", "new")];
    const sent = store.observer.sending(batches);
    const held = store.backend.hold("read", "after");
    const read = store.reader.load(CTX, "", "a");
    await held.reached;
    store.observer.failed(batches, sent);
    held.release();
    await read;
    expect(store.cache.peek("a")).to.equal(undefined);
  });

  it("forget what a refused write wrote, and keep what a conflict brought", async () => {
    const store = await cached();
    await write(store, "a", "old");
    const stale = store.cache.peek("a");
    await store.backend.commit([putBatch(store, "a", "theirs")]);
    const batch = {
      ...putBatch(store, "a", "mine"),
      checks: [{ key: headKey("a"), version: stale?.version ?? null }],
    };
    const sent = store.observer.sending([batch]);
    const results = await store.backend.commit([batch]);
    expect(results[0]?.status).to.equal("conflict");
    store.observer.arrived([batch], results, sent);
    expect(store.cache.peek("a")?.handOut()).to.equal("theirs");
    const refused = [{ status: "fault", fault: new StorageFault("unavailable", "refused") } as const];
    store.observer.arrived([batch], refused, store.observer.sending([batch]));
    expect(store.cache.peek("a")).to.equal(undefined);
  });

  it("forget a whole namespace with a range of it", async () => {
    const store = await cached();
    await write(store, "a", 1);
    await write(store, "b", 1);
    const batch = {
      ...putBatch(store, "c", 1),
      writes: [{ kind: "delete-range", range: { start: "" } } as const],
    };
    const sent = store.observer.sending([batch]);
    store.observer.arrived([batch], await store.backend.commit([batch]), sent);
    expect(store.cache.size).to.equal(0);
    expect(await valueOf(store, "a")).to.equal(undefined);
  });

  it("share one load, but not with those who come after a change", async () => {
    const store = await cached();
    await write(store, "a", "old");
    store.cache.clear();
    const held = store.backend.hold("read", "after");
    const early = [valueOf(store, "a"), valueOf(store, "a")];
    await held.reached;
    await write(store, "a", "new");
    store.cache.clear();
    const late = valueOf(store, "a");
    held.release();
    expect(await Promise.all(early)).to.deep.equal(["old", "old"]);
    expect(await late).to.equal("new");
    expect(store.cache.peek("a")?.handOut()).to.equal("new");
  });

  it("give up waiting for a shared load with the context, not the load", async () => {
    const store = await cached();
    await write(store, "a", 1);
    store.cache.clear();
    const held = store.backend.hold("read", "after");
    const [own, cancel] = withCancel(CTX);
    const given = store.reader.load(own, "", "a").catch((error: StorageFault) => error.reason);
    await held.reached;
    cancel();
    expect(await given).to.equal("cancelled");
    held.release();
    expect(await valueOf(store, "a")).to.equal(1);
  });

  it("answer many keys in the order asked, reading those that miss at once", async () => {
    const store = await cached();
    await write(store, "a", 1);
    await write(store, "b", 2);
    store.cache.invalidate("b");
    const entries = await store.reader.readAll(CTX, "", ["b", "x", "a", "b"]);
    expect(entries.map((entry) => entry.handOut())).to.deep.equal([2, undefined, 1, 2]);
    expect(store.cache.counts.loads).to.equal(1);
  });

  it("never let an answer of the backend leave a stale entry, whatever the order of events", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const store = await cached();
      store.backend.chances = { seed, delay: 0.7 };
      const work: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        work.push(valueOf(store, `${i % 3}`));
        if (i % 4 === 0) work.push(write(store, `${i % 3}`, i));
        if (i % 3 === 0) await new Promise(setImmediate);
      }
      await Promise.all(work);
      store.backend.chances = { seed };
      for (const key of ["0", "1", "2"]) {
        const { entries }: ReadResult = await (store.backend as Backend).read(CTX, "", [headKey(key)]);
        const known = store.cache.peek(key);
        if (known !== undefined) expect(known.version, `seed ${seed}`).to.equal(entries[0]?.version ?? null);
      }
    }
  });
});
