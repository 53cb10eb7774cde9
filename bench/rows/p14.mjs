import { setTimeout as sleep } from "node:timers/promises";
import { fill, keyOf } from "../harness/records.mjs";

const KEYS = 1_000_000;
const CACHE_BOUND_MIB = 16;
const CACHED_READS = 200_000;
const memory = "holdfast memory";
const file = "holdfast file";

/** Bytes that live values hold, on the heap and outside it. */
async function bytesHeld() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function heapPerKey(subject, options) {
  const handle = await subject.open(options);
  await handle.set(keyOf(0), {});
  const before = await bytesHeld();
  await fill(handle, KEYS);
  const figure = ((await bytesHeld()) - before) / KEYS;
  await handle.get(keyOf(0));
  await handle.close?.();
  return { "bytes per key": figure };
}

/** Reads far more than the cache may hold; what it says it holds, and what the heap gives back when it is emptied. */
async function cacheAgainstBound(subject, options) {
  const bound = CACHE_BOUND_MIB * 2 ** 20;
  const handle = await subject.open(options);
  await fill(handle, CACHED_READS);
  let most = 0;
  for (let n = 0; n < CACHED_READS; n++) {
    await handle.get(keyOf(n));
    if (n % 100 === 0) most = Math.max(most, (await handle.store.getCacheStats(handle.ctx)).bytes);
  }
  const full = await bytesHeld();
  await handle.store.clearCache(handle.ctx);
  const emptied = await bytesHeld();
  await handle.close();
  return { "stated bytes of bound": most / bound, "heap of bound": (full - emptied) / bound };
}

export const row = {
  id: "P14",
  title: "memory",
  benches: [
    {
      title: `heap per key, ${KEYS.toLocaleString("en")} keys, cache off`,
      ours: memory,
      unit: "bytes",
      fresh: true,
      rounds: 3,
      repeats: 0,
      subjects: [memory, file, "Map of JSON", "raw Map", "keyv 5", "unstorage memory"],
      options: { capacity: KEYS, cache: { max_entries: 0 } },
      measures: [{ name: "heap", run: heapPerKey }],
    },
    {
      title: `the cache against max_bytes: ${CACHE_BOUND_MIB}MiB, after reading ${CACHED_READS.toLocaleString("en")} keys`,
      ours: memory,
      unit: "share",
      fresh: true,
      rounds: 3,
      repeats: 0,
      subjects: [memory],
      options: { capacity: CACHED_READS, cache: { max_bytes: `${CACHE_BOUND_MIB}MiB` } },
      measures: [{ name: "bound", run: cacheAgainstBound }],
    },
  ],
  goals: [
    { figure: "bytes per key", ours: memory, peer: "Map of JSON", atMost: 1.3 },
    { figure: "bytes per key", ours: file, peer: "Map of JSON", atMost: 1.3 },
    { figure: "stated bytes of bound", ours: memory, limit: 1 },
    { figure: "heap of bound", ours: memory, limit: 1 },
  ],
};
