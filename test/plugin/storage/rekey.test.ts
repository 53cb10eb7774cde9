import { expect } from "chai";
import { setImmediate } from "node:timers/promises";
import { ENTRY_TYPE, type StoredEntry } from "../../../src/core/entry.js";
import { KIND } from "../../../src/core/key.js";
import {
  background,
  openStorage,
  StorageError,
  withCancel,
  type RekeyProgress,
  type StoragePlugin,
  type StorageSettings,
} from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { KeptStore } from "../../support/kept-store.js";
import { keyVariable } from "../../support/sealed-settings.js";
import { STORES } from "../../support/stores.js";

const ctx = background();
const ENCRYPTED = 4;
const INCARNATION = "i".repeat(22);
const ITEM = `${KIND.item}${INCARNATION}one`;

/** Both keys, and which one writes. */
function active(id: "k1" | "k2" | "none"): StorageSettings {
  const keys = (["k1", "k2"] as const).map((each) => ({ id: each, env: keyVariable(each) }));
  return { encryption: { keys, active: id } };
}

/** The id of the key that a stored value is encrypted with. */
function keyIdOf({ codec, data }: StoredEntry): string {
  return codec === ENCRYPTED ? Buffer.from(data.slice(3, 5) as Uint8Array).toString() : "none";
}

describe("rekey", () => {
  let kept: KeptStore;

  beforeEach(async () => {
    kept = await new KeptStore().open();
  });

  afterEach(async () => {
    await kept.close();
  });

  async function fill(settings: StorageSettings): Promise<void> {
    await using store = await kept.storage(settings);
    await store.setBatch(ctx, { a: 1, b: "two" });
    await store.set(ctx, "mortal", 3, "1h");
    await store.namespace("n").set(ctx, "c", [4]);
  }

  it("writes everything with the active key: values, items of structures, and what stood there plain", async () => {
    const data = "[1]";
    await fill({});
    await fill(active("k1"));
    await kept.put({ key: "plain", version: "", type: ENTRY_TYPE.value, codec: 1, data, size: 3 });
    const head = { key: "list", version: "", codec: 1, data, size: 3, incarnation: INCARNATION };
    await kept.put({ ...head, type: ENTRY_TYPE.list });
    await kept.put({ key: ITEM, version: "", type: ENTRY_TYPE.part, codec: 1, data, size: 3 });
    const before = await kept.entry("mortal");

    await using store = await kept.storage(active("k2"));
    expect(await store.rekey(ctx)).to.deep.equal({
      ok: true,
      looked: 7,
      rewritten: 7,
      unreadable: 0,
      outrun: false,
      problems: [],
    });
    for (const key of ["a", "b", "mortal", "plain", "list", ITEM])
      expect(keyIdOf(await kept.entry(key)), key).to.equal("k2");
    expect(keyIdOf(await kept.entry("c", "n"))).to.equal("k2");
    const after = await kept.entry("mortal");
    expect(after).to.include({ expiresAt: before.expiresAt, type: before.type });
    expect(after.version).to.not.equal(before.version);
    expect(await kept.entry("list")).to.include({ type: ENTRY_TYPE.list, incarnation: INCARNATION });
    expect(await store.getBatch(ctx, ["a", "b", "mortal", "plain"])).to.deep.equal(
      new Map<string, unknown>([
        ["a", 1],
        ["b", "two"],
        ["mortal", 3],
        ["plain", [1]],
      ]),
    );
  });

  it("finds nothing left when it is called again", async () => {
    await fill(active("k1"));
    await using store = await kept.storage(active("k2"));
    await store.rekey(ctx);
    const versions = (await kept.entry("a")).version;
    expect(await store.rekey(ctx)).to.include({ looked: 4, rewritten: 0 });
    expect((await kept.entry("a")).version).to.equal(versions);
  });

  it("writes everything plain when no key is active", async () => {
    await fill(active("k1"));
    await using store = await kept.storage(active("none"));
    expect(await store.rekey(ctx)).to.include({ ok: true, rewritten: 4 });
    await using plain = await kept.storage({});
    expect(await plain.get(ctx, "b")).to.equal("two");
  });

  it("leaves what it cannot open, and says so", async () => {
    await fill(active("k1"));
    const { version, type, codec, size } = await kept.entry("a");
    const broken = { key: "a", version, type, codec, size, data: Buffer.alloc(90) };
    await kept.put(broken);
    await using store = await kept.storage(active("k2"));
    const { problems, ...counts } = await store.rekey(ctx);
    expect(counts).to.deep.equal({ ok: false, looked: 4, rewritten: 3, unreadable: 1, outrun: false });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include({ reason: "checksum", namespace: "", key: "a" });
  });

  it("tells how far it is, goes on when it was cancelled, and shows as set to watchers", async () => {
    await fill(active("k1"));
    await using store = await kept.storage(active("k2"));
    const [bounded, cancel] = withCancel(ctx);
    const told: RekeyProgress[] = [];
    const onProgress = (progress: RekeyProgress) => {
      told.push(progress);
      cancel();
    };
    const error: unknown = await store.rekey(bounded, { onProgress }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StorageError).and.include({ code: 5002, reason: "cancelled" });
    expect(told).to.deep.equal([{ namespace: "", looked: 3, rewritten: 3 }]);
    const seen = watchOne(store);
    expect(await store.rekey(ctx)).to.include({ ok: true, rewritten: 1 });
    expect(await seen).to.include({ type: "set", key: "c" });
  });

  it("gives up an entry that others write with another key each time, and goes on with the rest", async () => {
    await fill(active("k1"));
    await using old = await kept.storage(active("k1"));
    const overtake = () => old.set(ctx, "a", "again");
    await using store = await kept.storage(active("k2"), {}, { beforeCommit: overtake });
    const { ok, unreadable, outrun, looked, rewritten } = await store.rekey(ctx);
    expect({ ok, unreadable, outrun }).to.deep.equal({ ok: false, unreadable: 0, outrun: true });
    expect({ looked, rewritten }).to.deep.equal({ looked: 16 * 3 + 1, rewritten: 3 });
    expect(await old.get(ctx, "a")).to.equal("again");
    for (const [key, namespace] of [
      ["b", ""],
      ["c", "n"],
    ] as const)
      expect(keyIdOf(await kept.entry(key, namespace)), key).to.equal("k2");
    await using calm = await kept.storage(active("k2"));
    expect(await calm.rekey(ctx)).to.include({ ok: true, outrun: false, rewritten: 1 });
  });

  it("follows nobody for ever who adds entries with another key faster than it rewrites them", async () => {
    await using old = await kept.storage(active("k1"));
    const add = (from: number, count: number) =>
      old.setBatch(ctx, new Map(Array.from({ length: count }, (_, i) => [String(from + i), i])));
    let next = 13_000;
    await add(10_000, 3000);
    const beforeCommit = async () => {
      await add(next, 100);
      next += 100;
    };
    await using store = await kept.storage(active("k2"), {}, { beforeCommit });
    const { ok, outrun, rewritten } = await store.rekey(ctx);
    expect({ ok, outrun }).to.deep.equal({ ok: false, outrun: true });
    expect(rewritten).to.be.within(16_000, 20_000);
  });

  async function watchOne(store: StoragePlugin): Promise<unknown> {
    for await (const change of store.namespace("n").watch(ctx, "*")) return change;
    return undefined;
  }

  it("needs keys, and refuses options that do not exist", async () => {
    await using store = await kept.storage({});
    const error: unknown = await store.rekey(ctx).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 5002, reason: "unsupported" });
    const misuse: unknown = await store
      .rekey(ctx, { onprogress: 1 } as never)
      .catch((reason: unknown) => reason);
    expect(misuse).to.be.instanceOf(TypeError);
  });
});

describe("rekey under load", () => {
  it("loses and changes nothing in memory", async () => {
    const kept = await new KeptStore().open();
    await rekeyUnderLoad((settings) => kept.storage(settings));
    await kept.close();
  });

  for (const kind of STORES.filter(({ persistent }) => persistent)) {
    it(`loses and changes nothing on ${kind.name}`, async function () {
      const fresh = await kind.fresh();
      if (fresh === undefined) return missing(this, kind.needs ?? kind.name);
      await rekeyUnderLoad((settings) => openStorage({ ...fresh.settings, ...settings }));
      await fresh.destroy();
    });
  }

  async function rekeyUnderLoad(open: (settings: StorageSettings) => Promise<StoragePlugin>): Promise<void> {
    const names = Array.from({ length: 300 }, (_, i) => `k${i}`);
    {
      await using store = await open(active("k1"));
      await store.setBatch(ctx, Object.fromEntries(names.map((name) => [name, 0])));
    }
    await using store = await open(active("k2"));
    await addWhile(store, names, () => store.rekey(ctx));
    expect(await store.rekey(ctx)).to.include({ ok: true, looked: names.length, rewritten: 0 });
  }

  /** Adds to keys by transactions until the call ends; what was added must be there. */
  async function addWhile(
    store: StoragePlugin,
    names: readonly string[],
    call: () => Promise<unknown>,
  ): Promise<void> {
    let isOver = false;
    const added = new Map<string, number>();
    const add = async (from: number) => {
      for (let i = from; !isOver; i += 7) {
        const name = names[i % names.length] as string;
        await store.transact(ctx, async (tx) => tx.set(name, (await tx.get<number>(name)) + 1));
        added.set(name, (added.get(name) ?? 0) + 1);
        // In memory nothing else gives way to what waits.
        await setImmediate();
      }
    };
    const adding = Promise.all([0, 1, 2].map(add));
    await call();
    isOver = true;
    await adding;
    const found = await store.getBatch<number>(ctx, names);
    for (const name of names) expect(found.get(name), name).to.equal(added.get(name) ?? 0);
    expect(added.size).to.be.greaterThan(0);
  }
});
