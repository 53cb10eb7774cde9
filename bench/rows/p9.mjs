import { coldGetBench, goalsOf, putBench } from "./backend-benches.mjs";
import { cachedGetBench } from "./cached-get.mjs";

const always = ["holdfast redis always", "redis always"];
const everysec = ["holdfast redis everysec", "redis everysec"];

export const row = {
  id: "P9",
  title: "redis beside its driver, which pipelines what is in flight",
  benches: [
    putBench({ title: "appendfsync always", subjects: always }),
    coldGetBench({ title: "appendfsync always", subjects: always }),
    putBench({ title: "appendfsync everysec", subjects: everysec }),
    coldGetBench({ title: "appendfsync everysec", subjects: everysec }),
    cachedGetBench({
      title: "get of 1 000 keys in the near cache",
      ours: always[0],
      keyCount: 1_000,
      subjects: [always[0], "holdfast memory"],
    }),
  ],
  goals: [
    ...goalsOf(always[0], always[1], { put: 0.5, get: 0.85 }),
    ...goalsOf(everysec[0], everysec[1], { put: 0.5, get: 0.85 }),
    { figure: "get", ours: always[0], peer: "holdfast memory", atMost: 1.1 },
  ],
};
