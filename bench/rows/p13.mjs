import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { batchesUpTo, keyOf, valueOf } from "../harness/records.mjs";

const KEYS = 1_000_000;
const EXPIRING = 200_000;
const SWEEP_MS = 500;
const GOAL_MS = 50;
const RESOLUTION_MS = 1;

/** Fills batch by batch; the turn in between keeps two calls from counting as one. */
async function load({ store, ctx }, count, batchSize, ttl) {
  for (const batch of batchesUpTo(count, batchSize)) {
    await store.setBatch(ctx, new Map(batch), ttl);
    await turn();
  }
}

async function scanAll({ store, ctx }) {
  let count = 0;
  for await (const entry of store.scan(ctx, "*")) count += entry.key.length > 0 ? 1 : 0;
  if (count !== KEYS) throw new Error(`the scan met ${count} of ${KEYS} keys`);
}

/** Puts go on while the store is compacted. */
async function compactUnderPuts({ store, ctx }) {
  let isCompacting = true;
  const compaction = store.compact(ctx).finally(() => (isCompacting = false));
  for (let i = 0; isCompacting; i++) {
    await store.set(ctx, keyOf(i % KEYS), valueOf(i));
    await turn();
  }
  await compaction;
}

async function expire(handle) {
  await load(handle, EXPIRING, 1000, 1);
  await sleep(4 * SWEEP_MS);
}

const OPERATIONS = {
  "nothing (the machine)": () => sleep(1000),
  "load, 1k a batch": (handle) => load(handle, KEYS, 1_000),
  "setBatch of 10k": (handle) => load(handle, 10_000, 10_000),
  "first query": ({ store, ctx }) => store.keys(ctx, "user:12*"),
  "keys of all": ({ store, ctx }) => store.keys(ctx, "*"),
  "count by infix": ({ store, ctx }) => store.count(ctx, "user:*77:profile"),
  "find 11k values": ({ store, ctx }) => store.find(ctx, "user:12*"),
  "scan all": scanAll,
  "compact under puts": compactUnderPuts,
  verify: ({ store, ctx }) => store.verify(ctx),
  "expire and sweep 200k": expire,
  close: ({ close }) => close(),
};

/** The event loop's delays while `work` runs; a last turn lets the timer see how long the work kept it. */
async function delaysOf(name, work) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  await sleep(5 * RESOLUTION_MS);
  histogram.reset();
  await work();
  await sleep(5 * RESOLUTION_MS);
  histogram.disable();
  const milliseconds = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  return {
    [`${name}, p99.9`]: milliseconds(histogram.percentile(99.9)),
    [`${name}, max`]: milliseconds(histogram.max),
  };
}

async function runAll(subject, options) {
  const figures = {};
  let handle = await subject.open(options);
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (!isOffered(handle, name)) continue;
    Object.assign(figures, await delaysOf(name, () => operation(handle)));
  }
  if (!handle.isPersistent) return figures;
  Object.assign(
    figures,
    await delaysOf("open", async () => {
      handle = await subject.open(options);
    }),
  );
  await handle.close();
  return figures;
}

const subjects = ["holdfast memory", "holdfast file"];
const isOffered = (handle, name) => handle.isPersistent || name !== "compact under puts";

export const row = {
  id: "P13",
  title: "the event loop's delay at 1M keys",
  benches: [
    {
      title: "longest delays of the event loop while one operation runs, 1,000,000 keys",
      ours: "holdfast file",
      unit: "ms",
      fresh: true,
      rounds: 3,
      repeats: 0,
      subjects,
      options: {
        capacity: KEYS,
        cache: { max_entries: 10_000 },
        settings: { ttl_cleanup_interval: SWEEP_MS },
      },
      measures: [{ name: "delays", run: runAll }],
    },
  ],
  goals: subjects.flatMap((ours) =>
    Object.keys({ ...OPERATIONS, open: undefined })
      .slice(1)
      .filter((name) => isOffered({ isPersistent: ours === "holdfast file" }, name))
      .filter((name) => ours === "holdfast file" || name !== "open")
      .map((name) => ({ figure: `${name}, p99.9`, ours, limit: GOAL_MS })),
  ),
};
