import { fill } from "../harness/records.mjs";
import { repeatFor } from "../harness/workload.mjs";

const PREFIX = "user:12*";
const INFIX = "user:*77:profile";
const LEAST_MS = 50;
const memory = "holdfast memory";
const file = "holdfast file";

const querying = (name, call, pattern) => ({
  name,
  needs: call,
  run: (handle) => repeatFor(LEAST_MS, () => handle[call](pattern)),
});

const SIZES = [
  { size: 100_000, label: "100k" },
  { size: 1_000_000, label: "1M" },
];

const benches = SIZES.map(({ size, label }) => ({
  title: `queries over ${size.toLocaleString("en")} keys`,
  ours: memory,
  unit: "µs",
  rounds: 5,
  warmUps: 1,
  options: { capacity: size, cache: { max_entries: 1000 } },
  subjects: [
    memory,
    file,
    "sqlite FULL",
    "lmdb",
    "classic-level",
    "redis always",
    "raw Map",
    "unstorage memory",
    "keyv 5",
  ],
  prepare: (handle) => fill(handle, size),
  measures: [
    querying(`keys ${label}`, "keys", PREFIX),
    querying(`count ${label}`, "count", PREFIX),
    querying(`find ${label}`, "find", PREFIX),
    querying(`infix ${label}`, "infix", INFIX),
  ],
}));

const goalsFor = (ours, label) => [
  { figure: `keys ${label}`, ours, peer: "sqlite FULL", atLeast: 20 },
  { figure: `count ${label}`, ours, peer: "sqlite FULL", atLeast: 30 },
  { figure: `find ${label}`, ours, peer: "sqlite FULL", atLeast: 3 },
  { figure: `keys ${label}`, ours, peer: "lmdb", atLeast: 10 },
  { figure: `count ${label}`, ours, peer: "lmdb", atLeast: 10 },
  { figure: `find ${label}`, ours, peer: "lmdb", atLeast: 1 },
  { figure: `keys ${label}`, ours, peer: "unstorage memory", atLeast: 50 },
  { figure: `keys ${label}`, ours, peer: "keyv 5", atLeast: 50 },
  { figure: `infix ${label}`, ours, peer: "sqlite FULL", atLeast: 2 },
];

export const row = {
  id: "P5",
  title: `keys, count and find of \`${PREFIX}\`, keys of \`${INFIX}\``,
  benches,
  goals: SIZES.flatMap(({ label }) => [memory, file].flatMap((ours) => goalsFor(ours, label))),
};
