import { defaultBackends } from "../../src/index.js";
import type { AnomalyReport } from "../../src/testing/history/index.js";
import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { runHistoryRound, type HistoryRound, type Workload } from "./history-round.js";
import { HISTORY_SETTINGS, type HistorySetting } from "./history-store.js";

const CLIENTS = 64;
/** Small enough for a round to take seconds and for its history to be checked in memory. */
const LIST_OPERATIONS = 50_000;
const LOOKS = 10_000;
/** Half of the operations are in attempts that lose, so this makes a million committed ones over each setting. */
const FULL_ROUNDS_EACH = 40;

interface Tally {
  rounds: number;
  failures: number;
  readonly counts: Record<string, number>;
  readonly details: string[];
}

/** R9: isolation, by the histories of 64 clients over every setting in turn. One round is one history. */
const isolation: LongRow = {
  id: "R9",
  title: "histories of 64 clients, list-append and phantoms over memory, file and faults: no anomaly",

  fullRounds: roundPlan().length * FULL_ROUNDS_EACH,

  async run(options: LongRowOptions): Promise<LongRowResult> {
    const plan = roundPlan();
    const rounds =
      options.rounds ?? (options.minutes === undefined ? plan.length * FULL_ROUNDS_EACH : Infinity);
    const deadline = performance.now() + (options.minutes ?? Infinity) * 60_000;
    const tally: Tally = { rounds: 0, failures: 0, counts: {}, details: [] };
    while (tally.rounds < rounds && performance.now() < deadline) {
      const [workload, setting] = plan[tally.rounds % plan.length] as (typeof plan)[number];
      await runRound(workload, setting, options.seed * 100_003 + tally.rounds, tally, options.log);
    }
    return tally;
  },
};

export const rows: readonly LongRow[] = [isolation];

function roundPlan(): readonly (readonly [Workload, HistorySetting])[] {
  const settings = HISTORY_SETTINGS.filter(({ backend }) => defaultBackends().has(backend));
  return settings.flatMap((setting) => [["list-append", setting] as const, ["phantoms", setting] as const]);
}

async function runRound(
  workload: Workload,
  setting: HistorySetting,
  seed: number,
  tally: Tally,
  log: (line: string) => void,
): Promise<void> {
  const operations = workload === "list-append" ? LIST_OPERATIONS : LOOKS;
  const round = await runHistoryRound(workload, setting, { seed, clients: CLIENTS, operations });
  tally.rounds += 1;
  addCounts(tally.counts, workload, setting, round);
  log(
    `${workload} over ${setting.name}, seed ${seed}: ${summary(round.report)}, ${round.counts.conflicts} conflicts`,
  );
  if (round.report.valid) return;
  tally.failures += 1;
  tally.details.push(`${workload} over ${setting.name}, seed ${seed}: ${summary(round.report)}`);
}

function addCounts(
  counts: Record<string, number>,
  workload: Workload,
  setting: HistorySetting,
  { report, counts: attempts, injected }: HistoryRound,
): void {
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  add(`${workload} operations over ${setting.name}`, report.operations);
  add("transactions committed", attempts.committed);
  add("conflicts", attempts.conflicts);
  add("unknown outcomes", attempts.unknown);
  add("faults injected", injected);
}

function summary(report: AnomalyReport): string {
  if (report.valid) return "no anomaly";
  return Array.from(report.counts, ([name, count]) => `${count} × ${name}`).join(", ");
}
