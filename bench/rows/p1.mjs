import { cachedGetBench } from "./cached-get.mjs";

const ours = "holdfast memory";
const figure = "get";

export const row = {
  id: "P1",
  title: "cached get, hot, private copy",
  benches: [
    cachedGetBench({
      title: "get of 1 000 hot keys",
      ours,
      keyCount: 1000,
      subjects: [
        ours,
        "async lru-cache",
        "lru-cache + structuredClone",
        "Map of JSON",
        "unstorage memory",
        "keyv 5",
        "keyv 6",
        "cacheable",
        "bentocache",
      ],
    }),
  ],
  goals: [
    { figure, ours, peer: "unstorage memory", atLeast: 5 },
    { figure, ours, peer: "keyv 5", atLeast: 11 },
    { figure, ours, peer: "cacheable", atLeast: 12 },
    { figure, ours, peer: "async lru-cache", atMost: 3.5 },
  ],
};
