import { fill, keysUpTo, randomBelow, valueOf } from "../harness/records.mjs";

const ours = "holdfast memory";
const figure = "set";
const KEYS = 100_000;
const OPERATIONS = 50_000;

export const row = {
  id: "P3",
  title: "set in memory, the store keeps its own copy",
  benches: [
    {
      title: "set of 100 000 keys, uniform",
      ours,
      unit: "ns",
      subjects: [
        ours,
        "Map of JSON",
        "lru-cache + structuredClone",
        "cache-manager",
        "unstorage memory",
        "keyv 5",
        "keyv 6",
        "cacheable",
        "bentocache",
      ],
      options: { capacity: KEYS },
      async prepare(handle) {
        await fill(handle, KEYS);
        return { keys: keysUpTo(KEYS), values: Array.from({ length: 1000 }, (_, n) => valueOf(n)) };
      },
      measures: [
        {
          name: figure,
          async run(handle, { keys, values }) {
            const pick = randomBelow(KEYS);
            for (let i = 0; i < OPERATIONS; i++) await handle.set(keys[pick()], values[i % values.length]);
            return OPERATIONS;
          },
        },
      ],
    },
  ],
  goals: [
    { figure, ours, peer: "unstorage memory", atLeast: 2 },
    { figure, ours, peer: "keyv 5", atLeast: 5 },
  ],
};
