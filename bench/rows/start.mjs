import { keyOf, valueOf } from "../harness/records.mjs";

const ours = "holdfast memory";

/** Loads the library, opens a store, sets and gets one value: what a cold process pays before its first answer. */
async function coldStart(subject, options) {
  const start = performance.now();
  await subject.load();
  const imported = performance.now() - start;
  const handle = await subject.open(options);
  await handle.set(keyOf(1), valueOf(1));
  await handle.get(keyOf(1));
  const firstGet = performance.now() - start;
  await handle.close?.();
  return { import: imported, "import, open, set, get": firstGet };
}

export const row = {
  id: "START",
  title: "a cold start",
  benches: [
    {
      title: "import and first get of a store in memory, in a new process",
      ours,
      unit: "ms",
      fresh: true,
      options: { capacity: 1000 },
      subjects: [ours, "keyv 5", "cacheable", "cache-manager", "unstorage memory", "lmdb"],
      measures: [{ name: "start", run: coldStart }],
    },
  ],
  goals: [{ figure: "import, open, set, get", ours, limit: 50 }],
};
