import { defaultBackends } from "../../src/index.js";
import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { soakHeap } from "./soak-run.js";

const OPERATIONS = 10_000_000;
const MOST_BYTES_PER_OPERATION = 0.01;
const BACKENDS = (["memory", "file"] as const).filter((backend) => defaultBackends().has(backend));

/** R14: one round is ten million mixed operations in a process of its own; it is not cut short by the minutes. */
const soak: LongRow = {
  id: "R14",
  title: "10 000 000 mixed operations on memory or file: the heap grows by at most 0.01 bytes per operation",
  fullRounds: BACKENDS.length,

  async run({ seed, rounds, minutes, log }: LongRowOptions): Promise<LongRowResult> {
    const wanted = rounds ?? (minutes === undefined ? BACKENDS.length : Infinity);
    const deadline = performance.now() + (minutes ?? Infinity) * 60_000;
    const details: string[] = [];
    let done = 0;
    while (done < wanted && performance.now() < deadline) {
      // By the seed, since a run in pieces of some minutes begins anew with each.
      const backend = BACKENDS[(seed + done) % BACKENDS.length] as (typeof BACKENDS)[number];
      const plan = { backend, operations: OPERATIONS, samples: 200, seed: seed + done, leakEvery: 0 };
      const { slope, heapKib } = await soakHeap(plan);
      done += 1;
      const heap = heapKib.map((kib) => kib.toFixed(0)).join(" ");
      const line = `${backend}, seed ${plan.seed}: ${slope.toFixed(5)} bytes per operation; KiB: ${heap}`;
      log(line);
      if (slope > MOST_BYTES_PER_OPERATION) details.push(line);
    }
    return { rounds: done, failures: details.length, counts: { operations: done * OPERATIONS }, details };
  },
};

export const rows: readonly LongRow[] = [soak];
