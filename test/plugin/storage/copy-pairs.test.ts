import { expect } from "chai";
import fc from "fast-check";
import assert from "node:assert/strict";
import { background, copyStorage, openStorage, withCancel, type StoragePlugin } from "../../../src/index.js";
import { storableValues } from "../../core/stored-values.js";
import { missing } from "../../support/fixtures.js";
import { STORES, type FreshStore } from "../../support/stores.js";
import { valuesOf } from "../../support/store-values.js";
import { openTapped, type Tap } from "../../support/tapped-store.js";

const ctx = background();
const KEYS_FILLED = 1209;
const BIG = "é€😀".repeat(150_000);

async function fill(storage: StoragePlugin): Promise<void> {
  await storage.setBatch(ctx, {
    text: "plain",
    date: new Date(0),
    big: BIG,
    nothing: null,
    "\ufffd\u{1f600}": 1,
  });
  await storage.set(
    ctx,
    "bytes",
    Uint8Array.from({ length: 70_000 }, (_, i) => i % 256),
  );
  await storage.set(ctx, "map", new Map([[1n, new Set(["a"])]]));
  await storage.set(ctx, "short", 1, "1h");
  await storage.namespace("ns 1").set(ctx, "long", { deep: [1, { a: -0 }] }, "7d");
  const many = new Map(Array.from({ length: 1200 }, (_, i) => [`k${i}`, { i, text: "x".repeat(i % 50) }]));
  await storage.namespace("многое").setBatch(ctx, many);
}

async function timesLeft(storage: StoragePlugin): Promise<number[]> {
  return [
    await storage.ttl(ctx, "short"),
    await storage.namespace("ns 1").ttl(ctx, "long"),
    await storage.ttl(ctx, "text"),
  ];
}

describe("copyStorage between every two kinds of stores", () => {
  for (const from of STORES) {
    describe(`from ${from.name}`, () => {
      let store: FreshStore | undefined;
      let source: StoragePlugin;
      let values: Awaited<ReturnType<typeof valuesOf>>;

      before(async function () {
        store = await from.fresh();
        if (store === undefined) return missing(this, from.needs ?? from.name);
        source = await openStorage(store.settings);
        await fill(source);
        values = await valuesOf(source);
      });

      after("which is as it was", async () => {
        if (store === undefined) return;
        assert.deepStrictEqual(await valuesOf(source), values);
        await source.stop();
        await store.destroy();
      });

      for (const to of STORES) {
        it(`carries everything to ${to.name}, and goes on where it was interrupted`, async function () {
          const other = await to.fresh();
          if (other === undefined) return missing(this, to.needs ?? to.name);
          try {
            await copyInTwoRuns(source, values, other);
          } finally {
            await other.destroy();
          }
        });
      }
    });
  }
});

async function copyInTwoRuns(
  source: StoragePlugin,
  values: Awaited<ReturnType<typeof valuesOf>>,
  to: FreshStore,
): Promise<void> {
  const [ending, cancel] = withCancel(ctx);
  const tap: Tap = { afterCommit: () => (target.writes() > 500 ? cancel() : undefined) };
  const target = await openTapped(to.settings, tap);
  try {
    const first = await copyStorage(ending, source, target.storage).catch((error: unknown) => error);
    expect(first).to.be.instanceOf(Error).and.include({ operation: "copyStorage", reason: "cancelled" });
    const written = target.writes();
    expect(written).to.be.within(509, KEYS_FILLED - 1);
    tap.afterCommit = () => undefined;

    const { copied, skipped, digest } = await copyStorage(ctx, source, target.storage, { resume: true });
    expect([copied + skipped, skipped, target.writes()]).to.deep.equal([KEYS_FILLED, written, KEYS_FILLED]);
    expect(digest).to.match(/^[0-9a-f]{64}$/);
    assert.deepStrictEqual(await valuesOf(target.storage), values);
    const left = await timesLeft(source);
    (await timesLeft(target.storage)).forEach((ms, i) => expect(ms).to.be.closeTo(left[i] as number, 5000));
  } finally {
    await target.storage.stop();
  }
}

const KEYS = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((key) => key.isWellFormed() && !key.includes("\0"));
const CONTENT = fc.dictionary(KEYS, storableValues, { maxKeys: 12, noNullPrototype: true });

describe("copyStorage of anything", () => {
  it("gives the same values and the same digest, from whatever kind of store to whatever other", async function () {
    this.timeout(120_000);
    const local = STORES.filter(({ served }) => served === undefined);
    const kinds = fc.constantFrom(...local);
    const stores = fc.dictionary(fc.constantFrom("", "a", "b:c"), CONTENT, {
      maxKeys: 3,
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(kinds, kinds, stores, async (from, to, content) => {
        const [one, two] = [(await from.fresh()) as FreshStore, (await to.fresh()) as FreshStore];
        try {
          await copyThereAndBack(one, two, content);
        } finally {
          await one.destroy();
          await two.destroy();
        }
      }),
      { numRuns: 40 },
    );
  });
});

async function copyThereAndBack(
  from: FreshStore,
  to: FreshStore,
  content: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<void> {
  await using source = await openStorage(from.settings);
  await using target = await openStorage(to.settings);
  for (const [name, data] of Object.entries(content)) {
    await (name === "" ? source : source.namespace(name)).setBatch(ctx, new Map(Object.entries(data)));
  }
  const { digest } = await copyStorage(ctx, source, target);
  assert.deepStrictEqual(await valuesOf(target), await valuesOf(source));
  expect(await copyStorage(ctx, target, source, { resume: true })).to.include({ copied: 0, digest });
}
