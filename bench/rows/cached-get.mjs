import { fill, keysUpTo, randomBelow } from "../harness/records.mjs";

/** Gets of random keys that are all in the cache, awaited one after the other. */
export function cachedGetBench({ title, ours, keyCount, subjects, operations = 50_000 }) {
  return {
    title,
    ours,
    unit: "ns",
    subjects,
    options: { capacity: keyCount },
    async prepare(handle) {
      await fill(handle, keyCount);
      const keys = keysUpTo(keyCount);
      for (const key of keys) await handle.get(key);
      return { keys };
    },
    measures: [
      {
        name: "get",
        async run(handle, { keys }) {
          const pick = randomBelow(keys.length);
          for (let i = 0; i < operations; i++) await handle.get(keys[pick()]);
          return operations;
        },
      },
    ],
  };
}
