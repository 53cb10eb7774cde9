import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, type RekeyResult, type StorageSettings } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { keyVariable } from "../../support/sealed-settings.js";
import { StoreProcess } from "../../support/store-process.js";
import { SHARED_STORES, STORES } from "../../support/stores.js";
import type { RekeyingTask } from "./rekeying-process.js";

const ctx = background();
const PROGRAM = new URL("rekeying-process.ts", import.meta.url);
const NAMES = Array.from({ length: 80 }, (_, i) => `k${i}`);
const NAMESPACES = ["", "n"];

function under(...ids: readonly ("k1" | "k2")[]): StorageSettings {
  const keys = ids.map((id) => ({ id, env: keyVariable(id) }));
  // Processes that begin at once on a busy machine are slow, and this is about none of that.
  return { encryption: { keys, active: ids.at(-1) as string }, operation_timeout: "1m" };
}

describe("rekey by several processes", function () {
  this.timeout(180_000);

  async function fill(settings: StorageSettings): Promise<void> {
    await using store = await openStorage({ ...settings, ...under("k1") });
    for (const name of NAMESPACES) {
      const namespace = name === "" ? store : store.namespace(name);
      await namespace.setBatch(ctx, new Map(NAMES.map((key) => [key, 0])));
      await namespace.list("list").rpush(ctx, ...NAMES);
    }
  }

  /** Everything is there, and opens with the new key alone. */
  async function expectWhole(settings: StorageSettings, value: (key: string) => number): Promise<void> {
    await using store = await openStorage({ ...settings, ...under("k2") });
    for (const name of NAMESPACES) {
      const namespace = name === "" ? store : store.namespace(name);
      const found = await namespace.find(ctx, "*");
      expect(found).to.deep.equal(
        new Map([...NAMES].sort().map((key) => [key, name === "" ? value(key) : 0])),
      );
      expect(await namespace.list("list").lrange(ctx, 0, -1)).to.deep.equal(NAMES);
    }
    expect(await store.verify(ctx)).to.include({ ok: true, orphans: 0 });
    expect(await store.rekey(ctx)).to.include({ ok: true, rewritten: 0 });
  }

  for (const kind of STORES.filter(({ persistent }) => persistent)) {
    it(`goes on after kill -9 on ${kind.name}`, async function () {
      const fresh = await kind.fresh();
      if (fresh === undefined) return missing(this, kind.needs ?? kind.name);
      await fill(fresh.settings);
      const settings = { ...fresh.settings, ...under("k1", "k2") };
      const child = new StoreProcess(PROGRAM, { settings, hangs: true } satisfies RekeyingTask);
      const done = await child.next<number>();
      await child.end();
      {
        await using store = await openStorage(settings);
        const { ok, rewritten } = await store.rekey(ctx);
        expect({ ok, all: done + rewritten }).to.deep.equal({ ok: true, all: 2 * (2 * NAMES.length + 1) });
        expect(rewritten).to.be.above(0);
      }
      await expectWhole(fresh.settings, () => 0);
      await fresh.destroy();
    });
  }

  for (const kind of SHARED_STORES) {
    it(`is carried out by two at once on ${kind.name}, while a third one writes with the old key`, async function () {
      const fresh = await kind.fresh();
      if (fresh === undefined) return missing(this, kind.needs ?? kind.name);
      await fill(fresh.settings);
      const settings = { ...fresh.settings, ...under("k1", "k2") };
      const task: RekeyingTask = { settings, hangs: false };
      const added = new Map<string, number>();
      {
        // It has both keys, as step 1 of the guide says, and the old one is still active here.
        await using old = await openStorage({ ...fresh.settings, ...under("k2", "k1") });
        const children = [new StoreProcess(PROGRAM, task), new StoreProcess(PROGRAM, task)];
        let isOver = false;
        const adding = (async () => {
          for (let i = 0; !isOver; i++) {
            const key = NAMES[(i * 7) % NAMES.length] as string;
            await old.transact(ctx, async (tx) => tx.set(key, (await tx.get<number>(key)) + 1), {
              maxAttempts: 1000,
            });
            added.set(key, (added.get(key) ?? 0) + 1);
            await delay(5);
          }
        })();
        try {
          const results = await Promise.all(children.map((child) => child.next<RekeyResult>()));
          for (const result of results) expect(result).to.include({ ok: true, unreadable: 0 });
        } finally {
          isOver = true;
          await adding;
          await Promise.all(children.map((child) => child.end()));
        }
      }
      expect(added.size).to.be.above(0);
      {
        await using store = await openStorage(settings);
        expect(await store.rekey(ctx)).to.include({ ok: true });
      }
      await expectWhole(fresh.settings, (key) => added.get(key) ?? 0);
      await fresh.destroy();
    });
  }
});
