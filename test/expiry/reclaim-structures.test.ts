import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "../../src/backends/backend.js";
import { KIND } from "../../src/core/key.js";
import { prefixRange } from "../../src/core/range.js";
import { background, withTimeout, type StorageSettings } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { ENCRYPTED } from "../support/sealed-settings.js";
import { StoreProcess } from "../support/store-process.js";
import { ALL_STORES, storeKind, type FreshStore } from "../support/stores.js";
import { openTapped, type TappedStore } from "../support/tapped-store.js";
import { WaitingRounds } from "../support/waiting-rounds.js";
import type { StructuresTask } from "./structures-process.js";

const ctx = background();
const PROGRAM = new URL("structures-process.ts", import.meta.url);
const COUNT = 40;
const ITEMS = 30;
const KEPT_ITEMS = 2 * ITEMS;
const TTL_MS = 1500;
const WITHIN_MS = 60_000;

const PERSISTENT = ALL_STORES.filter(({ persistent }) => persistent);
const ENCRYPTED_FILE = { ...storeKind("file"), name: "an encrypted file" };

/** Undefined where what the kind needs is missing. */
const rounds = new WaitingRounds([...PERSISTENT, ENCRYPTED_FILE], 5, async (kind) => {
  const store = await kind.fresh();
  if (store === undefined) return undefined;
  const settings = kind === ENCRYPTED_FILE ? { ...store.settings, ...ENCRYPTED } : store.settings;
  await reclaimed(store, settings, kind.shared ? 2 : 1);
  return "reclaimed";
});

describe("structures whose time is over, and whose writer was killed", function () {
  this.timeout(150_000);

  for (const kind of PERSISTENT) {
    it(`leave nothing on ${kind.name}, without being touched, in ${kind.shared ? "two openings" : "one"}`, async function () {
      if ((await rounds.of(kind)) === undefined) missing(this, kind.needs ?? kind.name);
    });
  }

  it("leave nothing in an encrypted store", async () => {
    expect(await rounds.of(ENCRYPTED_FILE)).to.equal("reclaimed");
  });
});

async function reclaimed(store: FreshStore, settings: StorageSettings, openings: number): Promise<void> {
  const sweeping = { ...settings, ttl_cleanup_interval: "100ms" };
  const opened: TappedStore[] = [];
  try {
    await writeAndKill(settings);
    for (let i = 0; i < openings; i++) opened.push(await openTapped(sweeping));
    const [{ storage, backend }] = opened as [TappedStore];
    expect(await countItems(backend)).to.equal(KEPT_ITEMS * (COUNT + 1));
    expect(await leftOf(backend)).to.equal(KEPT_ITEMS);
    expect(await storage.verify(ctx)).to.include({ ok: true, entries: 2 + KEPT_ITEMS, orphans: 0 });
    expect(await storage.list("list:kept").llen(ctx)).to.equal(ITEMS);
    expect((await storage.hash("hash:kept").hgetall(ctx)).size).to.equal(ITEMS);
  } finally {
    for (const { storage } of opened) await storage.stop();
    await store.destroy();
  }
}

async function writeAndKill(settings: StorageSettings): Promise<void> {
  const task: StructuresTask = { settings, count: COUNT, items: ITEMS, ttlMs: TTL_MS };
  const writer = new StoreProcess(PROGRAM, task);
  try {
    expect(await writer.next()).to.equal("written");
  } finally {
    await writer.end();
  }
}

/** The items that are there once they are as few as they should be, or when the time is over. */
async function leftOf(backend: Backend): Promise<number> {
  const [limit] = withTimeout(ctx, WITHIN_MS);
  for (;;) {
    const items = await countItems(backend);
    if (items <= KEPT_ITEMS || limit.err() !== undefined) return items;
    await delay(50);
  }
}

/** By the backend, so that nothing but its own sweep makes the store look at what expired. */
async function countItems(backend: Backend): Promise<number> {
  let count = 0;
  for await (const page of backend.scan(ctx, "", prefixRange(KIND.item), { want: "count" }))
    count += page.count;
  return count;
}
