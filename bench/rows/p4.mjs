import { fill, keysUpTo, randomBelow, valuesInTurn } from "../harness/records.mjs";
import { inFlight, repeatFor } from "../harness/workload.mjs";

const ours = "holdfast file";
const KEYS = 10_000;
const SIZES = [1_000, 100_000, 1_000_000];
const MOST_OF_WHOLE_JSON = 100_000;
const LEAST_MS = 100;

const putting = (name, width, total) => ({
  name,
  async run(handle, { keys, nextValue }) {
    const pick = randomBelow(keys.length);
    return inFlight(width, total, () => handle.set(keys[pick()], nextValue()));
  },
});

const concurrent = {
  title: "durable put, by puts in flight",
  ours,
  unit: "µs",
  warmUps: 2,
  options: { capacity: KEYS },
  subjects: [
    ours,
    "raw journal",
    "raw journal, zero-filled",
    "sqlite FULL",
    "sqlite FULL, shared",
    "lmdb",
    "classic-level",
    "redis always",
    "unstorage fs",
  ],
  prepare: () => ({ keys: keysUpTo(KEYS), nextValue: valuesInTurn() }),
  measures: [
    putting("1 in flight", 1, 100),
    putting("64 in flight", 64, 3_200),
    putting("1024 in flight", 1024, 10_240),
  ],
};

/** One put at a time into a store that already holds this many keys. */
function sizedBench(size) {
  const wholeJson = size <= MOST_OF_WHOLE_JSON ? ["whole-file JSON", "lowdb"] : [];
  return {
    title: `one durable put among ${size.toLocaleString("en")} keys`,
    ours,
    unit: "µs",
    rounds: 5,
    warmUps: 1,
    options: { capacity: size },
    subjects: [ours, "sqlite FULL", "lmdb", ...wholeJson],
    async prepare(handle) {
      await fill(handle, size);
      return { keys: keysUpTo(size), nextValue: valuesInTurn() };
    },
    measures: [
      {
        name: `put at ${size / 1000}k`,
        async run(handle, { keys, nextValue }) {
          const pick = randomBelow(size);
          return repeatFor(LEAST_MS, () => handle.set(keys[pick()], nextValue()));
        },
      },
    ],
  };
}

export const row = {
  id: "P4",
  title: "durable put on file",
  benches: [concurrent, ...SIZES.map(sizedBench)],
  goals: [
    { figure: "1 in flight", ours, peer: "sqlite FULL", atLeast: 0.95 },
    { figure: "64 in flight", ours, peer: "sqlite FULL, shared", atLeast: 2.8 },
    { figure: "64 in flight", ours, peer: "lmdb", atLeast: 4 },
    { figure: "64 in flight", ours, peer: "redis always", atLeast: 1.4 },
    { figure: "1024 in flight", ours, peer: "sqlite FULL, shared", atLeast: 4 },
    { figure: "1024 in flight", ours, peer: "raw journal", atLeast: 0.85 },
    { figure: "put at 100k", ours, peer: "whole-file JSON", atLeast: 600 },
    { figure: "put at 1000k", ours, peer: ours, peerFigure: "put at 1k", atMost: 1.25 },
  ],
};
