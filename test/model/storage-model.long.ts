import fc from "fast-check";
import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { anyCommands, withoutTime } from "./model-commands.js";
import { runModel } from "./model-run.js";
import { OTHER_STORE_KINDS, STORE_KINDS, type StoreKind } from "./model-subject.js";

const RUNS_PER_ROUND = 10;
const LONGEST_RUN = 1000;
/** A run has three quarters of the longest on average, and each command is compared on every store. */
const COMMANDS_PER_ROUND = RUNS_PER_ROUND * LONGEST_RUN * 0.75;
const FULL_COMMANDS = 10_000_000;
/** Of each backend that is no part of the first row. */
const FULL_COMMANDS_EACH = 1_000_000;

interface ModelRow {
  readonly id: string;
  readonly title: string;
  readonly kinds: readonly StoreKind[];
  readonly fullRounds: number;
}

/** Random commands on stores beside a sorted Map. One round is ten runs on new stores. */
function rowOf({ id, title, kinds, fullRounds }: ModelRow): LongRow {
  return {
    id,
    title,
    fullRounds,
    async run({ seed, rounds, minutes, log }: LongRowOptions): Promise<LongRowResult> {
      const wanted = rounds ?? (minutes === undefined ? fullRounds : Infinity);
      const deadline = performance.now() + (minutes ?? Infinity) * 60_000;
      const details: string[] = [];
      let done = 0;
      let commands = 0;
      while (done < wanted && performance.now() < deadline) {
        const property = fc.asyncProperty(anyCommands(LONGEST_RUN), async (run) => {
          const timeless = kinds.some(({ time }) => time === "real");
          commands += (await runModel(kinds, timeless ? withoutTime(run) : run)) * kinds.length;
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
}

/** R13. */
export const rows: readonly LongRow[] = [
  rowOf({
    id: "R13",
    title:
      "commands with hostile keys on memory and file, with and without cache, beside a sorted Map: 0 differences",
    kinds: STORE_KINDS,
    fullRounds: Math.ceil(FULL_COMMANDS / (COMMANDS_PER_ROUND * STORE_KINDS.length)),
  }),
  ...OTHER_STORE_KINDS.map((kind) =>
    rowOf({
      id: `R13-${kind.name.replace(" ", "-")}`,
      title: "commands with hostile keys, beside a sorted Map: 0 differences",
      kinds: [kind],
      fullRounds: Math.ceil(FULL_COMMANDS_EACH / COMMANDS_PER_ROUND),
    }),
  ),
];
