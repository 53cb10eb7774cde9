import { cachedGetBench } from "./cached-get.mjs";

const ours = "holdfast memory";
const figure = "get";

export const row = {
  id: "P2",
  title: "cached get, 100k uniform, private copy",
  benches: [
    cachedGetBench({
      title: "get of 100 000 keys, uniform",
      ours,
      keyCount: 100_000,
      subjects: [
        ours,
        "async lru-cache",
        "lru-cache + structuredClone",
        "unstorage memory",
        "keyv 5",
        "keyv 6",
        "cacheable",
        "bentocache",
      ],
    }),
  ],
  goals: [
    { figure, ours, peer: "unstorage memory", atLeast: 1.6 },
    { figure, ours, peer: "keyv 5", atLeast: 3.3 },
  ],
};
