import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, type Storage, type StoragePlugin } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { SoakPlan, SoakSample } from "./soak-run.js";

/**
 * Carries out mixed operations in a process of its own and prints the heap after full collections, as JSON. Run with
 * --expose-gc and the plan as argument.
 */
const ctx = background();
const KEYS = 500;
/** At once, so that pumps, queues and shared loads are at work. */
const CLIENTS = 8;

const plan = JSON.parse(process.argv[2] ?? "") as SoakPlan;
const folder = await mkdtemp(join(tmpdir(), "holdfast-soak-"));
const store = await openStorage({
  backend: plan.backend,
  ...(plan.backend === "file" ? { file: { path: join(folder, "store") }, durability: "process" } : {}),
  cache: { max_entries: 200 },
  changes: { retain: { count: 1000 } },
  ttl_cleanup_interval: "50ms",
});
const leaked: unknown[] = [];
try {
  process.stdout.write(JSON.stringify(await soak(store)));
} finally {
  await store.stop();
  await rm(folder, { recursive: true, force: true });
}

async function soak(plugin: StoragePlugin): Promise<SoakSample[]> {
  const samples: SoakSample[] = [];
  const clients = Array.from({ length: CLIENTS }, (_, i) => new SeededRandom(plan.seed * 100 + i));
  const each = Math.ceil(plan.operations / plan.samples / CLIENTS);
  for (let sample = 1; sample <= plan.samples; sample++) {
    await Promise.all(clients.map((random) => work(plugin, random, each)));
    samples.push({ operations: sample * each * CLIENTS, heapBytes: await heapBytes(plugin) });
  }
  return samples;
}

async function work(plugin: StoragePlugin, random: SeededRandom, operations: number): Promise<void> {
  const namespaces: readonly Storage[] = [plugin, plugin.namespace("other")];
  for (let i = 0; i < operations; i++) {
    await operate(namespaces[random.below(2)] as Storage, random);
    if (plan.leakEvery > 0 && random.below(plan.leakEvery) === 0) leaked.push(new Array<number>(64).fill(i));
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}

async function operate(storage: Storage, random: SeededRandom): Promise<void> {
  const key = `key:${random.below(KEYS)}`;
  const value = { name: key, items: [random.below(100), "text"] };
  switch (random.below(12)) {
    case 0:
      return void (await storage.delete(ctx, key));
    case 1:
      return await storage.set(ctx, key, value, 1 + random.below(100));
    case 2:
      return await storage.setBatch(
        ctx,
        new Map([
          [key, value],
          [`${key}0`, value],
        ]),
      );
    case 3:
      return void (await storage.getBatch(ctx, [key, "absent"]));
    case 4:
      return void (await storage.find(ctx, `${key.slice(0, 6)}*`, { limit: 5 }));
    case 5:
      return await storage.transact(ctx, async (tx) => {
        const before = await tx.getOr(key, null);
        await tx.set(key, [before].flat().length);
      });
    case 6:
      return await abandon(storage, key);
    case 7:
      return await storage.get(ctx, "absent").then(nothing, nothing);
    case 8:
      return void (await storage.expire(ctx, key, 1 + random.below(100)));
    case 9:
      return await storage.set(ctx, key, value);
    default:
      return void (await storage.getOr(ctx, key, null));
  }
}

/** A transaction that loses, or is rolled back. */
async function abandon(storage: Storage, key: string): Promise<void> {
  const tx = await storage.beginTransaction(ctx);
  await tx.exists(key);
  await storage.set(ctx, key, 1);
  await tx.set(key, 2);
  await tx.commit().then(nothing, nothing);
}

/** Of an empty store: how many of the keys are there, and what is under way, would hide less than it may keep. */
async function heapBytes(plugin: StoragePlugin): Promise<number> {
  for (const namespace of [plugin, plugin.namespace("other")]) await namespace.clear(ctx);
  await plugin.compact(ctx);
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function nothing(): void {
  return undefined;
}
