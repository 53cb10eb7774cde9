import fc from "fast-check";
import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { anyCommands } from "./model-commands.js";
import { runModel } from "./model-run.js";
import { STORE_KINDS } from "./model-subject.js";

const RUNS_PER_ROUND = 10;
const LONGEST_RUN = 1000;
/** A run has three quarters of the longest on average, and each command is compared on every store. */
const FULL_ROUNDS = Math.ceil(10_000_000 / (RUNS_PER_ROUND * LONGEST_RUN * 0.75 * STORE_KINDS.length));

/** R13: random commands on every store beside a sorted Map. One round is ten runs on new stores. */
const model: LongRow = {
  id: "R13",
  title:
    "commands with hostile keys on memory and file, with and without cache, beside a sorted Map: 0 differences",
  fullRounds: FULL_ROUNDS,

  async run({ seed, rounds, minutes, log }: LongRowOptions): Promise<LongRowResult> {
    const wanted = rounds ?? (minutes === undefined ? FULL_ROUNDS : Infinity);
    const deadline = performance.now() + (minutes ?? Infinity) * 60_000;
    const details: string[] = [];
    let done = 0;
    let commands = 0;
    while (done < wanted && performance.now() < deadline) {
      const property = fc.asyncProperty(anyCommands(LONGEST_RUN), async (run) => {
        commands += (await runModel(STORE_KINDS, run)) * STORE_KINDS.length;
      });
      const roundSeed = seed * 100_003 + done;
      const result = await fc.check(property, { seed: roundSeed, numRuns: RUNS_PER_ROUND });
      if (result.failed) details.push(`seed ${roundSeed}: ${String(result.errorInstance)}`);
      done += 1;
      log(`round ${done}, seed ${roundSeed}: ${commands} commands compared, ${details.length} failures`);
    }
    return { rounds: done, failures: details.length, counts: { "commands compared": commands }, details };
  },
};

export const rows: readonly LongRow[] = [model];
