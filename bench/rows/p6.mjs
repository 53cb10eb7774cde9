import { fill, keyOf } from "../harness/records.mjs";

const ours = "holdfast file";
const KEYS = 1_000_000;

export const row = {
  id: "P6",
  title: "open to first get",
  benches: [
    {
      title: `open ${KEYS.toLocaleString("en")} keys and get one, in a new process`,
      ours,
      unit: "ms",
      fresh: true,
      rounds: 5,
      options: { capacity: KEYS },
      subjects: [ours, "whole-file JSON", "lowdb", "sqlite FULL", "lmdb", "classic-level"],
      async build(subject, options) {
        const handle = await subject.open(options);
        await fill(handle, KEYS);
        await handle.store?.compact(handle.ctx);
        await handle.close();
      },
      measures: [
        {
          name: "open",
          async run(subject, options) {
            const start = performance.now();
            const handle = await subject.open(options);
            const value = await handle.get(keyOf(KEYS / 2));
            const open = performance.now() - start;
            if (value?.id !== KEYS / 2) throw new Error("the store does not hold what was built");
            const memory = process.memoryUsage();
            return {
              open,
              "RSS MiB": memory.rss / 2 ** 20,
              "peak RSS MiB": process.resourceUsage().maxRSS / 2 ** 10,
            };
          },
        },
      ],
    },
  ],
  goals: [
    { figure: "open", ours, peer: "whole-file JSON", atLeast: 4 },
    { figure: "RSS MiB", ours, peer: "whole-file JSON", atMost: 0.7 },
  ],
};
