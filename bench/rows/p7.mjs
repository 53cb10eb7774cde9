import { coldGetBench, goalsOf, putBench } from "./backend-benches.mjs";

const sqlite = ["holdfast sqlite", "sqlite FULL", "sqlite FULL, shared"];
const lmdb = ["holdfast lmdb", "lmdb"];

export const row = {
  id: "P7",
  title: "sqlite and lmdb beside their drivers",
  benches: [
    putBench({ title: "sqlite", subjects: sqlite }),
    coldGetBench({ title: "sqlite", subjects: sqlite.slice(0, 2) }),
    putBench({ title: "lmdb", subjects: lmdb }),
    coldGetBench({ title: "lmdb", subjects: lmdb }),
  ],
  goals: [
    ...goalsOf("holdfast sqlite", "sqlite FULL", { put: 6, get: 0.7 }),
    ...goalsOf("holdfast lmdb", "lmdb", { put: 0.85, get: 0.7 }),
  ],
};
