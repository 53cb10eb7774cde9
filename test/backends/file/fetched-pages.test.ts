import { expect } from "chai";
import type { Backend, Batch, ReadOptions } from "../../../src/backends/backend.js";
import { LocalEntry } from "../../../src/backends/local/local-entry.js";
import { background } from "../../../src/core/context.js";
import type { StoredEntry } from "../../../src/core/entry.js";
import { EVERYTHING } from "../../../src/core/range.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";
import { PLAIN, simulatedStore } from "../../crash/simulated-store.js";

const ctx = background();
const KEYS = ["bytes", "expiring", "text"];

/** A store whose values all stand in its snapshot. */
async function reopenedStore(): Promise<Backend> {
  const fs = new SimulatedFileSystem();
  const first = simulatedStore(fs, PLAIN, new FakeRuntime());
  await first.open(ctx);
  const put = { kind: "put", type: 1, codec: 1, expiry: undefined } as const;
  const writes: Batch["writes"] = [
    { ...put, key: "text", data: '"ä text"' },
    { ...put, key: "bytes", codec: 2, data: new Uint8Array([1, 2, 3]) },
    { ...put, key: "expiring", data: "1", expiry: { in: 60_000 } },
  ];
  await first.commit([{ id: "v1", ctx, namespace: "", checks: [], ranges: [], writes }]);
  await first.close(ctx);
  const store = simulatedStore(fs, PLAIN, new FakeRuntime());
  await store.open(ctx);
  return store;
}

async function byRead(store: Backend, options?: ReadOptions): Promise<readonly (StoredEntry | undefined)[]> {
  return (await store.read(ctx, "", KEYS, options)).entries;
}

async function byScan(store: Backend, options?: ReadOptions): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const page of store.scan(ctx, "", EVERYTHING, options)) entries.push(...page.entries);
  return entries;
}

/** The keys of the values that the store holds besides the lines of its file. */
async function held(store: Backend): Promise<readonly string[]> {
  const { entries } = await store.read(ctx, "", KEYS, { want: "headers" });
  return entries.flatMap((entry) => {
    if (!(entry instanceof LocalEntry)) throw new Error("the store hands out its own entries");
    return LocalEntry.placeOf(entry) === undefined ? [entry.key] : [];
  });
}

const plain = (entry: StoredEntry | undefined) =>
  entry && {
    key: entry.key,
    version: entry.version,
    type: entry.type,
    codec: entry.codec,
    data: entry.data,
    size: entry.size,
    expiresAt: entry.expiresAt,
    incarnation: entry.incarnation,
  };

describe("file backend: the sizes of values", () => {
  it("are told without keeping the values", async () => {
    const store = await reopenedStore();
    const { entries } = await store.read(ctx, "", KEYS, { want: "headers" });
    expect(entries.map((entry) => entry?.size)).to.deep.equal([3, 1, 9]);
    expect(await held(store)).to.deep.equal([]);
  });
});

for (const [how, read] of [
  ["read", byRead],
  ["scanned", byScan],
] as const) {
  describe(`file backend: values that are ${how}`, () => {
    it("are kept, as they may be wanted again", async () => {
      const store = await reopenedStore();
      expect(await held(store)).to.deep.equal([]);
      await read(store);
      expect(await held(store)).to.deep.equal(KEYS);
    });

    it("are not kept by whoever wants them once, and are the same", async () => {
      const store = await reopenedStore();
      const once = (await read(store, { once: true })).map(plain);
      expect(await held(store)).to.deep.equal([]);
      expect(once).to.deep.equal((await read(store)).map(plain));
      expect(once[0]?.size).to.equal(3);
      expect(once[2]?.size).to.equal(9);
    });
  });
}
