import { cachedGetBench } from "./cached-get.mjs";

const ours = "holdfast memory, frozen";
const figure = "get";

export const row = {
  id: "P1f",
  title: "cached get, hot, `values: frozen`",
  benches: [
    cachedGetBench({
      title: "get of 1 000 hot keys, shared values",
      ours,
      keyCount: 1000,
      operations: 200_000,
      subjects: [ours, "raw Map", "async lru-cache", "keyv 5, no serializer", "cache-manager"],
    }),
  ],
  goals: [
    { figure, ours, peer: "cache-manager", atLeast: 3 },
    { figure, ours, peer: "async lru-cache", atMost: 1.4 },
  ],
};
