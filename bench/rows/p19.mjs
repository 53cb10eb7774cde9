import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { fill } from "../harness/records.mjs";
import { subjects } from "../subjects/index.mjs";

const ours = "holdfast file";
const TARGET = "holdfast sqlite";
const SAMPLE_MS = 20;
/** Memory above that of the open stores: what a page of each, a batch and the collector's leisure may come to. */
const MOST_MIB = 256;

const SIZES = [
  { size: 250_000, label: "250k" },
  { size: 1_000_000, label: "1M" },
];

const residentMiB = () => process.memoryUsage.rss() / 2 ** 20;

/** What is in use, without what the collector has left lying. */
function usedMiB() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** Runs `work`; its time, the most memory resident meanwhile, as samples and its end saw it, and what is in use after it. */
async function watched(work) {
  const used = usedMiB();
  await sleep(SAMPLE_MS);
  const before = residentMiB();
  let peak = before;
  const sample = () => (peak = Math.max(peak, residentMiB()));
  const sampler = setInterval(sample, SAMPLE_MS);
  const start = performance.now();
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  const seconds = (performance.now() - start) / 1000;
  sample();
  return { seconds, peak, before, kept: usedMiB() - used };
}

const rateOf = (what, label) => `${what} ${label}: keys/s`;
const peakOf = (what, label) => `${what} ${label}: peak MiB`;
const growthOf = (what, label) => `${what} ${label}: MiB above open`;

const keptBy = (what, label) => `${what} ${label}: MiB in use afterwards, above open`;

const figuresOf = (what, { size, label }, { seconds, peak, before, kept }) => ({
  [rateOf(what, label)]: size / seconds,
  [peakOf(what, label)]: peak,
  [growthOf(what, label)]: peak - before,
  [keptBy(what, label)]: kept,
});

function requireAll(count, size) {
  if (count !== size) throw new Error(`${count} of ${size} keys arrived`);
}

/** Opens the target in a folder of its own, lets `work` fill it, and counts what is in it. */
async function intoTarget(options, size, work) {
  const folder = join(options.folder, "target");
  mkdirSync(folder);
  try {
    const target = await subjects[TARGET].open({ ...options, folder });
    const outcome = await watched(() => work(target));
    requireAll(await target.count("*"), size);
    await target.close();
    return outcome;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const backupIn = (folder) => join(folder, "backup");

const WORK = {
  async copy(subject, options, size) {
    const { copyStorage } = await subject.load();
    const source = await subject.open(options);
    const copying = (target) => copyStorage(source.ctx, source.store, target.store);
    const outcome = await intoTarget(options, size, copying);
    await source.close();
    return outcome;
  },
  async backup(subject, options) {
    const source = await subject.open(options);
    const path = join(options.folder, "another-backup");
    const outcome = await watched(() => source.store.backup(source.ctx, path));
    rmSync(path, { recursive: true });
    await source.close();
    return outcome;
  },
  restore(_subject, options, size) {
    const restoring = (target) => target.store.restore(target.ctx, backupIn(options.folder));
    return intoTarget(options, size, restoring);
  },
};

const benchOf = ({ size, label }) => ({
  title: `copied from file to sqlite and compared, backed up from file, restored into sqlite: ${size.toLocaleString("en")} keys`,
  ours,
  unit: "keys a second and MiB resident in the process",
  fresh: true,
  rounds: 3,
  repeats: 0,
  subjects: [ours],
  // A cache of the default size: it is part of what a copy must not outgrow.
  options: {},
  async build(subject, options) {
    const handle = await subject.open(options);
    await fill(handle, size);
    await handle.store.compact(handle.ctx);
    await handle.store.backup(handle.ctx, backupIn(options.folder));
    await handle.close();
  },
  measures: Object.entries(WORK).map(([what, work]) => ({
    name: what,
    run: async (subject, options) => figuresOf(what, { size, label }, await work(subject, options, size)),
  })),
});

export const row = {
  id: "P19",
  title: "a whole store copied, backed up and restored",
  benches: SIZES.map(benchOf),
  goals: Object.keys(WORK).map((what) => ({ figure: growthOf(what, "1M"), ours, limit: MOST_MIB })),
};
