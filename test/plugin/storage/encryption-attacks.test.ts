import { expect } from "chai";
import { inspect } from "node:util";
import type { Put } from "../../../src/backends/backend.js";
import type { StoredEntry } from "../../../src/core/entry.js";
import { itemRange } from "../../../src/core/incarnation.js";
import { EVERYTHING } from "../../../src/core/range.js";
import { background, openStorage, StorageError, type StoragePlugin } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { SEALED, TEST_KEYS } from "../../support/sealed-settings.js";
import { STORES, type FreshStore } from "../../support/stores.js";
import { openTapped, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();
const CANARY = "canary";
const SETTINGS = { ...SEALED, cache: { max_entries: 0 } };
/** The codec byte of what is encrypted. */
const ENCRYPTED = 4;

/** Whoever can write to a store below its seal: what RELIABILITY promises must hold on every backend. */
describe("an encrypted store whose entries somebody swaps, replays and cuts", function () {
  this.timeout(120_000);

  for (const kind of STORES) {
    describe(`on ${kind.name}`, () => {
      let fresh: FreshStore | undefined;
      let opened: TappedStore;
      let store: StoragePlugin;
      let batches = 0;

      beforeEach(async function () {
        fresh = await kind.fresh();
        if (fresh === undefined) return missing(this, kind.needs ?? kind.name);
        opened = await openTapped({ ...fresh.settings, ...SETTINGS });
        store = opened.storage;
        await store.setBatch(ctx, { a: `${CANARY} a`, b: `${CANARY} b` });
        await store.namespace("n").set(ctx, "a", `${CANARY} n`);
        await store.list("list").rpush(ctx, `${CANARY} 0`, `${CANARY} 1`, `${CANARY} 2`);
        await store.list("twin").rpush(ctx, `${CANARY} 3`, `${CANARY} 4`, `${CANARY} 5`);
        await store.hash("hash").hset(ctx, { f: `${CANARY} f`, g: `${CANARY} g` });
      });
      afterEach(async () => {
        if (fresh === undefined) return;
        await store.stop();
        await fresh.destroy();
      });

      async function stored(key: string, namespace = ""): Promise<StoredEntry> {
        const { entries } = await opened.backend.read(ctx, namespace, [key]);
        return entries[0] as StoredEntry;
      }

      async function itemsOf(key: string): Promise<StoredEntry[]> {
        const { incarnation } = await stored(key);
        const items: StoredEntry[] = [];
        for await (const page of opened.backend.scan(ctx, "", itemRange(incarnation as string)))
          items.push(...page.entries);
        return items;
      }

      /** Puts the data of one entry in the place of another's. */
      async function put(
        place: StoredEntry,
        data: Uint8Array | string,
        more: Partial<Put> = {},
        id = `raw${(batches += 1)}`,
      ): Promise<void> {
        const { key, type, codec, incarnation } = place;
        const whose = incarnation === undefined ? {} : { incarnation };
        const writes = [
          { kind: "put", key, type, codec, data, expiry: undefined, ...whose, ...more } as const,
        ];
        const batch = { id, ctx, namespace: "", checks: [], ranges: [], writes };
        const [result] = await opened.backend.commit([batch]);
        expect(result).to.include({ status: "committed" });
      }

      async function refused(call: () => Promise<unknown>, ...reasons: readonly string[]): Promise<void> {
        const error: unknown = await call().then(
          (value) => expect.fail(`it was read as ${inspect(value)}`),
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(StorageError);
        const { code, reason } = error as StorageError;
        expect(code).to.equal(5003);
        expect(reason).to.be.oneOf([...reasons]);
        const shown = inspect(error, { depth: 12, showHidden: true });
        for (const secret of [CANARY, TEST_KEYS.k1]) expect(shown).to.not.include(secret);
      }

      it("keeps every value, head and item encrypted, and no name", async () => {
        const found: StoredEntry[] = [];
        for (const namespace of ["", "n"])
          for await (const page of opened.backend.scan(ctx, namespace, EVERYTHING))
            found.push(...page.entries);
        expect(found).to.have.length(3 + 3 + 8);
        for (const { key, codec, data } of found) {
          expect(codec, key).to.equal(ENCRYPTED);
          expect(Buffer.from(data as Uint8Array).includes(CANARY), key).to.equal(false);
        }
      });

      it("refuses a value of another key, another namespace, or an older one of the same key", async () => {
        const [a, b, n] = [await stored("a"), await stored("b"), await stored("a", "n")];
        for (const other of [b, n]) {
          await put(a, other.data);
          await refused(() => store.get(ctx, "a"), "checksum");
        }
        await store.set(ctx, "a", `${CANARY} later`);
        await put(await stored("a"), a.data);
        await refused(() => store.get(ctx, "a"), "checksum");
        await refused(() => store.transact(ctx, (tx) => tx.get("a")), "checksum");
        expect(await store.get(ctx, "b")).to.equal(`${CANARY} b`);
        expect((await store.verify(ctx)).problems.map(({ key }) => key)).to.deep.equal(["a"]);
      });

      it("refuses what differs in its key alone, or in its namespace alone, the version being the same", async () => {
        const from = await kind.fresh();
        if (from === undefined) return;
        const donor = await openTapped({ ...from.settings, ...SETTINGS });
        await donor.storage.set(ctx, "b", `${CANARY} b`);
        await donor.storage.namespace("n").set(ctx, "a", `${CANARY} n`);
        for (const [namespace, key] of [
          ["", "b"],
          ["n", "a"],
        ] as const) {
          const { entries } = await donor.backend.read(ctx, namespace, [key]);
          const { version, data } = entries[0] as StoredEntry;
          await put(await stored("a"), data, {}, version);
          expect(await stored("a")).to.include({ version });
          await refused(() => store.get(ctx, "a"), "checksum");
        }
        await donor.storage.stop();
        await from.destroy();
      });

      it("refuses what was cut, made longer, or changed", async () => {
        const a = await stored("a");
        const data = Buffer.from(a.data as Uint8Array);
        const changed = Buffer.from(data);
        changed[data.length - 20] = (changed[data.length - 20] as number) ^ 1;
        for (const other of [data.subarray(0, -1), data.subarray(0, 30), Buffer.alloc(0), changed]) {
          await put(a, other);
          await refused(() => store.get(ctx, "a"), "checksum", "truncated");
        }
        await put(a, Buffer.concat([data, Buffer.alloc(16)]));
        await refused(() => store.get(ctx, "a"), "checksum");
      });

      it("refuses items that changed places, within a list, between two, and in a hash", async () => {
        const [list, twin] = [await itemsOf("list"), await itemsOf("twin")];
        for (const other of [list[0], twin[1]]) {
          await put(list[1] as StoredEntry, (other as StoredEntry).data);
          await refused(() => store.list("list").lindex(ctx, 1), "checksum");
          await refused(() => store.list("list").lrange(ctx, 0, -1), "checksum");
        }
        const [f, g] = (await itemsOf("hash")) as [StoredEntry, StoredEntry];
        await put(f, g.data);
        await refused(() => store.hash("hash").hget(ctx, "f"), "checksum");
        expect(await store.hash("hash").hget(ctx, "g")).to.equal(`${CANARY} g`);
        expect(await store.list("twin").llen(ctx)).to.equal(3);
      });

      it("refuses a head under another key, of another structure, or of an older length", async () => {
        const [old, twin] = [await stored("list"), await stored("twin")];
        await store.list("list").rpush(ctx, 3);
        const now = await stored("list");
        for (const other of [old, twin]) {
          await put(now, other.data);
          await refused(() => store.list("list").llen(ctx), "checksum");
        }
        await put(now, now.data, { incarnation: twin.incarnation as string });
        await refused(() => store.list("list").llen(ctx), "checksum");
      });

      it("is refused without its key, with nothing of it in the error, and read again with it", async () => {
        if (!kind.persistent || fresh === undefined) return;
        await store.stop();
        {
          await using without = await openStorage({ ...fresh.settings, cache: { max_entries: 0 } });
          await refused(() => without.get(ctx, "a"), "wrong-key");
          await refused(() => without.find(ctx, "*"), "wrong-key");
          await refused(() => without.list("list").lrange(ctx, 0, -1), "wrong-key");
          expect(await without.keys(ctx)).to.deep.equal(["a", "b", "hash", "list", "twin"]);
        }
        opened = await openTapped({ ...fresh.settings, ...SETTINGS });
        store = opened.storage;
        expect(await store.list("list").lrange(ctx, -1, -1)).to.deep.equal([`${CANARY} 2`]);
      });
    });
  }
});
