import { defaultBackends } from "../../src/index.js";
import type { AnomalyReport } from "../../src/testing/history/index.js";
import type { LongRow, LongRowOptions, LongRowResult } from "../support/long-row.js";
import { SHARED_STORES } from "../support/stores.js";
import { runHistoryOn, runHistoryRound, type HistoryRound, type Workload } from "./history-round.js";
import { HISTORY_SETTINGS, type HistoryStore } from "./history-store.js";
import { openSharedHistoryStore, openTroubledCluster } from "./shared-history-store.js";

const CLIENTS = 64;
/** Small enough for a round to take seconds and for its history to be checked in memory. */
const OPERATIONS = { "list-append": 50_000, phantoms: 10_000 } as const;
const SHARED_CLIENTS = 32;
const SHARED_OPERATIONS = { "list-append": 10_000, phantoms: 2000 } as const;
const WORKLOADS = ["list-append", "phantoms"] as const satisfies readonly Workload[];
/** Half of the operations are in attempts that lose, so this makes a million committed ones over each setting. */
const FULL_ROUNDS_EACH = 40;
/** Some 50 000 transactions committed on each kind of store. */
const FULL_SHARED_ROUNDS_EACH = 30;

interface Tally {
  rounds: number;
  failures: number;
  readonly counts: Record<string, number>;
  readonly details: string[];
}

/** One history, to be made and checked again and again. */
interface PlannedHistory {
  readonly workload: Workload;
  readonly name: string;
  run(seed: number): Promise<HistoryRound>;
}

/** A row over the histories of a plan in turn. One round is one history. */
function historyRow(id: string, title: string, plan: readonly PlannedHistory[], roundsEach: number): LongRow {
  const fullRounds = plan.length * roundsEach;
  return {
    id,
    title,
    fullRounds,
    async run(options: LongRowOptions): Promise<LongRowResult> {
      const rounds = options.rounds ?? (options.minutes === undefined ? fullRounds : Infinity);
      const deadline = performance.now() + (options.minutes ?? Infinity) * 60_000;
      const tally: Tally = { rounds: 0, failures: 0, counts: {}, details: [] };
      while (tally.rounds < rounds && performance.now() < deadline) {
        const planned = plan[tally.rounds % plan.length] as PlannedHistory;
        await runRound(planned, options.seed * 100_003 + tally.rounds, tally, options.log);
      }
      return tally;
    },
  };
}

export const rows: readonly LongRow[] = [
  historyRow(
    "R9",
    "histories of 64 clients, list-append and phantoms over memory, file and faults: no anomaly",
    overSettings(),
    FULL_ROUNDS_EACH,
  ),
  historyRow(
    "R9-shared",
    "histories of 32 clients over two plugins of one store, its server, where it has one, killed, stopped and cut off meanwhile: no anomaly",
    overSharedStores(),
    FULL_SHARED_ROUNDS_EACH,
  ),
  historyRow(
    "R9-cluster",
    "histories of 32 clients over two plugins of one redis cluster, its masters killed, stopped and cut off meanwhile: no anomaly",
    overTroubledCluster(),
    FULL_SHARED_ROUNDS_EACH,
  ),
];

function overSettings(): readonly PlannedHistory[] {
  const settings = HISTORY_SETTINGS.filter(({ backend }) => defaultBackends().has(backend));
  return settings.flatMap((setting) =>
    WORKLOADS.map((workload) => ({
      workload,
      name: setting.name,
      run: (seed: number) =>
        runHistoryRound(workload, setting, { seed, clients: CLIENTS, operations: OPERATIONS[workload] }),
    })),
  );
}

function overSharedStores(): readonly PlannedHistory[] {
  return SHARED_STORES.flatMap((kind) =>
    sharedHistories(kind.name, kind.needs, (seed) => openSharedHistoryStore(kind, seed)),
  );
}

function overTroubledCluster(): readonly PlannedHistory[] {
  return sharedHistories("redis cluster", "redis-server", openTroubledCluster);
}

function sharedHistories(
  name: string,
  needs: string | undefined,
  open: (seed: number) => Promise<HistoryStore | undefined>,
): readonly PlannedHistory[] {
  return WORKLOADS.map((workload) => ({
    workload,
    name,
    async run(seed: number) {
      const store = await open(seed);
      if (store === undefined) throw new Error(`${name} needs ${needs}`);
      const options = { seed, clients: SHARED_CLIENTS, operations: SHARED_OPERATIONS[workload] };
      return await runHistoryOn(store, workload, options);
    },
  }));
}

async function runRound(
  { workload, name, run }: PlannedHistory,
  seed: number,
  tally: Tally,
  log: (line: string) => void,
): Promise<void> {
  const round = await run(seed);
  tally.rounds += 1;
  addCounts(tally.counts, workload, name, round);
  const outcome = `${workload} over ${name}, seed ${seed}: ${summary(round.report)}`;
  log(`${outcome}, ${round.counts.conflicts} conflicts`);
  if (round.report.valid) return;
  tally.failures += 1;
  tally.details.push(outcome);
}

function addCounts(
  counts: Record<string, number>,
  workload: Workload,
  name: string,
  { report, counts: attempts, injected }: HistoryRound,
): void {
  const add = (what: string, count: number) => {
    counts[what] = (counts[what] ?? 0) + count;
  };
  add(`${workload} operations over ${name}`, report.operations);
  add("transactions committed", attempts.committed);
  add("conflicts", attempts.conflicts);
  add("unknown outcomes", attempts.unknown);
  add("faults injected", injected);
}

function summary(report: AnomalyReport): string {
  if (report.valid) return "no anomaly";
  return Array.from(report.counts, ([name, count]) => `${count} × ${name}`).join(", ");
}
