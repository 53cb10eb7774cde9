import { fill, keysUpTo, randomBelow, valuesInTurn } from "../harness/records.mjs";
import { inFlight } from "../harness/workload.mjs";

const KEYS = 10_000;
const WIDTH = 64;

export const PUT = "put, 64 in flight";
export const COLD_GET = "cold get, 64 in flight";
const ONE_COLD_GET = "cold get, 1 in flight";

/** Replacing random ones of 10 000 entries, our cache on. */
export function putBench({ title, subjects, total = 6_400 }) {
  return {
    title: `${title}: put among 10,000 keys`,
    ours: subjects[0],
    unit: "µs",
    subjects,
    options: { capacity: KEYS },
    prepare: filled,
    measures: [
      {
        name: PUT,
        run(handle, { keys, nextValue }) {
          const pick = randomBelow(KEYS);
          return inFlight(WIDTH, total, () => handle.set(keys[pick()], nextValue()));
        },
      },
    ],
  };
}

/** Reading random ones of 10 000 entries, our cache off, so that each read is the backend's. */
export function coldGetBench({ title, subjects, total = 12_800 }) {
  const getting = (name, width, count) => ({
    name,
    run(handle, { keys }) {
      const pick = randomBelow(KEYS);
      return inFlight(width, count, () => handle.get(keys[pick()]));
    },
  });
  return {
    title: `${title}: get among 10,000 keys, without a cache`,
    ours: subjects[0],
    unit: "µs",
    subjects,
    options: { capacity: KEYS, cache: { max_entries: 0 } },
    prepare: filled,
    measures: [getting(ONE_COLD_GET, 1, total / 8), getting(COLD_GET, WIDTH, total)],
  };
}

async function filled(handle) {
  await fill(handle, KEYS);
  return { keys: keysUpTo(KEYS), nextValue: valuesInTurn() };
}

/** What is asked of a backend beside its raw driver. */
export const goalsOf = (ours, peer, { put, get }) => [
  { figure: PUT, ours, peer, atLeast: put },
  { figure: COLD_GET, ours, peer, atLeast: get },
];
