import { expect } from "chai";
import { inspect } from "node:util";
import { background, defaultCodecs, StorageError, type StoragePlugin } from "../../../src/index.js";
import { KeptStore } from "../../support/kept-store.js";
import { ENCRYPTED, keyVariable, SEALED, TEST_KEYS } from "../../support/sealed-settings.js";

const ctx = background();

async function faultOf(call: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(StorageError);
  return error as StorageError;
}

/** Keys by id, the first of which writes. */
function keys(...ids: readonly ["k1" | "k2", ...("k1" | "k2")[]]) {
  return { encryption: { keys: ids.map((id) => ({ id, env: keyVariable(id) })), active: ids[0] } };
}

describe("values that are sealed", () => {
  let kept: KeptStore;
  const open: StoragePlugin[] = [];

  beforeEach(async () => {
    kept = await new KeptStore().open();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.stop()));
    await kept.close();
  });

  async function storage(...given: Parameters<KeptStore["storage"]>): Promise<StoragePlugin> {
    const opened = await kept.storage(...given);
    open.push(opened);
    return opened;
  }

  it("stay readable when codec, compression and encryption change, each in its own form", async () => {
    const value = { text: "canary ".repeat(100), at: new Date(5) };
    const forms = [
      {},
      { codec: "v8" },
      { compression: { values: "gzip", threshold: 10 } },
      SEALED,
      { ...ENCRYPTED, codec: "json" },
    ] as const;
    for (const [i, form] of forms.entries()) await (await storage(form)).set(ctx, `k${i}`, value);
    const codecs = await Promise.all(forms.map(async (_, i) => (await kept.entry(`k${i}`)).codec));
    expect(codecs).to.deep.equal([1, 2, 3, 4, 4]);
    for (const form of [ENCRYPTED, { ...SEALED, codec: "json" }]) {
      const values = [...(await (await storage(form)).find(ctx, "*")).values()];
      expect(values).to.deep.equal(forms.map(() => value));
    }
  });

  it("are compressed from the threshold on, and only where that is shorter", async () => {
    const store = await storage({ compression: { values: "gzip", threshold: 100 } });
    const noise = Array.from({ length: 100 }, (_, i) => String.fromCodePoint(33 + ((i * 7919) % 90))).join(
      "",
    );
    await store.setBatch(ctx, { short: "a".repeat(97), long: "a".repeat(98), noise });
    expect((await kept.entry("short")).codec).to.equal(1);
    expect((await kept.entry("long")).codec).to.equal(3);
    expect((await kept.entry("noise")).codec).to.equal(1);
  });

  it("count in the cache with the memory they take, not with what is stored", async () => {
    const store = await storage({ ...SEALED, cache: { max_entries: 10 } });
    await store.set(ctx, "k", "a".repeat(1_000_000));
    const other = await storage({ ...SEALED, cache: { max_entries: 10 } });
    await other.get(ctx, "k");
    expect((await kept.entry("k")).data.length).to.be.lessThan(10_000);
    expect((await other.getCacheStats(ctx)).bytes).to.be.greaterThan(1_000_000);
  });

  it("are seen by a conflict as they are", async () => {
    const store = await storage({ ...SEALED, cache: { max_entries: 10 } });
    const other = await storage(SEALED);
    await store.set(ctx, "n", 1);
    let tries = 0;
    await store.transact(ctx, async (tx) => {
      const n = await tx.get<number>("n");
      if (tries++ === 0) await other.set(ctx, "n", 10);
      await tx.set("n", n + 1);
    });
    expect(await store.get(ctx, "n")).to.equal(11);
    expect(tries).to.equal(2);
  });

  describe("and attacked", () => {
    let store: StoragePlugin;

    beforeEach(async () => {
      store = await storage(SEALED);
      await store.setBatch(ctx, { a: "canary-a", b: "canary-b" });
      await store.namespace("n").set(ctx, "a", "canary-n");
    });

    /** `a` is refused by every way of reading it, its neighbour is not, and nothing of any value shows. */
    async function refused(reason: string): Promise<void> {
      const reads = [
        store.get(ctx, "a"),
        store.getBatch(ctx, ["b", "a"]),
        store.find(ctx, "*"),
        store.transact(ctx, (tx) => tx.get("a")),
      ];
      for (const read of reads) {
        const error = await faultOf(read);
        expect(error).to.include({ code: 5003, reason, key: "a" });
        expect(inspect(error, { depth: 9 })).to.not.include("canary");
      }
      expect(await store.get(ctx, "b")).to.equal("canary-b");
      expect(await store.keys(ctx)).to.deep.equal(["a", "b"]);
      const { ok, problems } = await store.verify(ctx);
      expect(ok).to.equal(false);
      expect(problems.map(({ key, reason: why }) => [key, why])).to.deep.equal([["a", reason]]);
      await store.set(ctx, "a", "new");
      expect(await store.get(ctx, "a")).to.equal("new");
    }

    it("by the value of another key", async () => {
      const { data } = await kept.entry("b");
      await kept.put({ ...(await parts("a")), data });
      await refused("checksum");
    });

    it("by the value of the same key in another namespace", async () => {
      const { data } = await kept.entry("a", "n");
      await kept.put({ ...(await parts("a")), data });
      await refused("checksum");
    });

    it("by an older value of the same key", async () => {
      const { data } = await kept.entry("a");
      await store.set(ctx, "a", "canary-later");
      await kept.put({ ...(await parts("a")), data });
      await refused("checksum");
    });

    it("by a flipped bit", async () => {
      const entry = await parts("a");
      const data = Buffer.from(entry.data as Uint8Array);
      data[data.length - 20] = (data[data.length - 20] as number) ^ 1;
      await kept.put({ ...entry, data }, "", entry.version);
      await refused("checksum");
    });

    it("by cutting it", async () => {
      const entry = await parts("a");
      await kept.put({ ...entry, data: (entry.data as Uint8Array).subarray(0, 20) }, "", entry.version);
      await refused("truncated");
    });

    it("by text in its place", async () => {
      await kept.put({ ...(await parts("a")), data: '"canary"' });
      await refused("decode");
    });

    async function parts(key: string) {
      const { version, type, codec, data, size } = await kept.entry(key);
      return { key, version, type, codec, data, size };
    }
  });

  it("are refused with another key under the same id, and with none", async () => {
    await (await storage(ENCRYPTED)).set(ctx, "a", "canary");
    const stolen = { encryption: { keys: [{ id: "k1", env: keyVariable("stolen") }] } };
    for (const settings of [stolen, keys("k2"), {}]) {
      const store = await storage(settings);
      const error = await faultOf(store.get(ctx, "a"));
      expect(error).to.include({ code: 5003, reason: "wrong-key", key: "a" });
      expect(error.message).to.include('"k1"');
    }
  });

  it("are refused when plain, if that is asked for", async () => {
    await (await storage({})).set(ctx, "plain", "from somebody");
    const store = await storage({ encryption: { ...ENCRYPTED.encryption, plain: "refuse" } });
    await store.set(ctx, "own", 1);
    expect(await store.get(ctx, "own")).to.equal(1);
    expect(await faultOf(store.get(ctx, "plain"))).to.include({ code: 5003, reason: "foreign" });
    expect(await (await storage(ENCRYPTED)).get(ctx, "plain")).to.equal("from somebody");
  });

  it("keep keys out of info, metrics, statistics, health, inspection and what is stored", async () => {
    const store = await storage(SEALED);
    await store.set(ctx, "a", 1);
    const shown = inspect(
      [
        await store.info(ctx),
        store.metrics(),
        await store.getCacheStats(ctx),
        await store.health(ctx),
        store,
        await kept.entry("a"),
      ],
      { depth: 12, showHidden: true },
    );
    expect(shown).to.include(keyVariable("k1"));
    const material = Buffer.from(TEST_KEYS.k1, "hex");
    for (const form of [TEST_KEYS.k1, material.toString("base64"), "a1 a1 a1 a1", "161, 161, 161, 161"])
      expect(shown).to.not.include(form);
  });

  describe("by a codec of a third party", () => {
    const shout = {
      name: "shout",
      id: 200,
      encode: (value: unknown) => JSON.stringify(value).toUpperCase(),
      decode: (data: string | Uint8Array): unknown => JSON.parse(Buffer.from(data).toString()),
    };

    it("are written and read by it, and read when another one writes", async () => {
      const codecs = defaultCodecs().with(shout);
      const store = await storage({ codec: "shout" }, { codecs });
      await store.set(ctx, "a", { b: ["c"] });
      expect(await store.get(ctx, "a")).to.deep.equal({ B: ["C"] });
      expect((await kept.entry("a")).codec).to.equal(200);
      expect(await (await storage({}, { codecs })).get(ctx, "a")).to.deep.equal({ B: ["C"] });
      expect(await faultOf((await storage({})).get(ctx, "a"))).to.include({ code: 5003, reason: "decode" });
    });

    it("are refused as by any other, and by itself", async () => {
      const failing = {
        ...shout,
        encode: () => {
          throw new Error("no");
        },
        decode: () => {
          throw new Error("canary");
        },
      };
      const store = await storage({ codec: "shout" }, { codecs: defaultCodecs().with(failing) });
      expect(await faultOf(store.set(ctx, "a", () => 1))).to.include({
        code: 5002,
        reason: "unserializable",
      });
      expect(await faultOf(store.set(ctx, "a", 1))).to.include({ code: 5002, reason: "unserializable" });
      await (await storage({ codec: "shout" }, { codecs: defaultCodecs().with(shout) })).set(ctx, "a", 1);
      const error = await faultOf(store.get(ctx, "a"));
      expect(error).to.include({ code: 5003, reason: "decode" });
      expect(inspect(error, { depth: 9 })).to.not.include("canary");
    });

    it("need an id and a name of their own", () => {
      const codecs = defaultCodecs().with(shout);
      const wrong = [{ id: 127 }, { id: 256 }, { id: 1.5 }, { name: "" }, { name: "Shout" }];
      for (const flaw of wrong)
        expect(() => defaultCodecs().with({ ...shout, ...flaw })).to.throw(RangeError);
      expect(() => codecs.with({ ...shout, id: 201 })).to.throw(RangeError, '"shout"');
      expect(() => codecs.with({ ...shout, name: "other" })).to.throw(RangeError, "id 200");
      expect(() => codecs.with({ ...shout, name: "json", id: 201 })).to.throw(RangeError, '"json"');
      expect(() => codecs.with({ name: "a", id: 201 } as never)).to.throw(TypeError, "encode");
    });
  });
});
