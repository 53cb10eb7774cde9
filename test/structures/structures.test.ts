import { expect } from "chai";
import fc from "fast-check";
import { background, openStorage } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { ALL_STORES, storeKind, type StoreKind } from "../support/stores.js";
import { anyCommands } from "./structure-commands.js";
import { StructureComparison } from "./structure-comparison.js";

const ctx = background();
const UNCACHED: StoreKind = {
  ...storeKind("memory"),
  name: "memory without a cache",
  fresh: async () => ({ settings: { backend: "memory", cache_size: 0 }, destroy: async () => undefined }),
};
/** In memory, and where each call takes its time. */
const MANY = { numRuns: 60, longest: 60 };
const FEW = { numRuns: 4, longest: 30 };

describe("lists, hashes and counters, by random calls", function () {
  this.timeout(120_000);

  for (const kind of [UNCACHED, ...ALL_STORES]) {
    it(`are arrays, Maps and numbers on ${kind.name}, also through transactions and reopening`, async function () {
      const isCompared = await compare(kind, 1, kind.backend === "memory" ? MANY : FEW);
      if (!isCompared) missing(this, kind.needs ?? kind.name);
    });

    if (!kind.shared) continue;
    it(`are the same to two that have ${kind.name} open and take turns`, async function () {
      if (!(await compare(kind, 2, FEW))) missing(this, kind.needs ?? kind.name);
    });
  }

  it("lets a list of 100 000 be filled and drained", async () => {
    await using storage = await openStorage({ backend: "memory" });
    const list = storage.list<number>("list");
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    for (let at = 0; at < numbers.length; at += 10_000)
      await list.rpush(ctx, ...numbers.slice(at, at + 10_000));
    expect(await list.llen(ctx)).to.equal(100_000);
    for (let at = 0; at < numbers.length; at += 1000) {
      const popped = await Promise.all(Array.from({ length: 1000 }, () => list.lpop(ctx)));
      expect(popped).to.deep.equal(numbers.slice(at, at + 1000));
    }
    expect(await storage.exists(ctx, "list")).to.equal(false);
    expect(await storage.verify(ctx)).to.include({ ok: true, entries: 0, orphans: 0 });
  });
});

/** False where what the store needs is missing. */
async function compare(
  kind: StoreKind,
  openings: number,
  { numRuns, longest }: typeof MANY,
): Promise<boolean> {
  const store = await kind.fresh();
  if (store === undefined) return false;
  const comparison = new StructureComparison({
    settings: store.settings,
    persistent: kind.persistent,
    openings,
  });
  await comparison.open();
  try {
    const property = fc.asyncProperty(anyCommands(longest), (commands) => comparison.compare(commands));
    await fc.assert(property, { numRuns });
  } finally {
    await comparison.close();
    await store.destroy();
  }
  return true;
}
