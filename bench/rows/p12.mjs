import { fill, keysUpTo, randomBelow } from "../harness/records.mjs";
import { inFlight } from "../harness/workload.mjs";

const ours = "holdfast file";
const KEYS = 100_000;

function transfer(from, to) {
  from.score -= 1;
  to.score += 1;
}

const transferring = (name, width, total) => ({
  name,
  run(handle, { keys }) {
    const pick = randomBelow(KEYS);
    return inFlight(width, total, () => {
      const first = pick();
      return handle.modifyTwo(keys[first], keys[(first + 1) % KEYS], transfer);
    });
  },
});

const goalsOf = (figure, ratios) =>
  Object.entries(ratios).map(([peer, atLeast]) => ({ figure, ours, peer, atLeast }));

export const row = {
  id: "P12",
  title: "durable read-modify-write of 2 keys in a transaction",
  benches: [
    {
      title: "transfer between 2 of 100,000 keys, by transactions in flight",
      ours,
      unit: "µs",
      options: { capacity: KEYS },
      subjects: [ours, "sqlite FULL", "sqlite FULL, shared", "lmdb", "redis always"],
      async prepare(handle) {
        await fill(handle, KEYS);
        return { keys: keysUpTo(KEYS) };
      },
      measures: [transferring("1 in flight", 1, 200), transferring("64 in flight", 64, 3_200)],
    },
  ],
  goals: [
    ...goalsOf("1 in flight", { "sqlite FULL": 0.65, lmdb: 2, "redis always": 2 }),
    ...goalsOf("64 in flight", { "sqlite FULL, shared": 1.6, lmdb: 2, "redis always": 2 }),
  ],
};
