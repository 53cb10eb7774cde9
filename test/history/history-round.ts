import type { Backend } from "../../src/backends/backend.js";
import { checkGroups, checkListAppend, type AnomalyReport } from "../../src/testing/history/index.js";
import type { AttemptCounts } from "./recording-client.js";
import { openHistoryStore, type HistorySetting, type HistoryStore } from "./history-store.js";
import { readAllLists, runListAppend, type WorkloadOptions } from "./list-append-workload.js";
import { readAllGroups, runPhantoms } from "./phantom-workload.js";

export type Workload = "list-append" | "phantoms";

export interface HistoryRound {
  readonly report: AnomalyReport;
  readonly counts: AttemptCounts;
  /** Faults that were injected. */
  readonly injected: number;
}

/** Runs one workload over a store of its own and checks its history. `over` replaces the backend below. */
export async function runHistoryRound(
  workload: Workload,
  setting: HistorySetting,
  options: WorkloadOptions,
  over?: (backend: Backend) => Backend,
): Promise<HistoryRound> {
  return await runHistoryOn(await openHistoryStore(setting, options.seed, over), workload, options);
}

/** Runs one workload over an open store, checks its history and closes the store. */
export async function runHistoryOn(
  store: HistoryStore,
  workload: Workload,
  options: WorkloadOptions,
): Promise<HistoryRound> {
  try {
    return workload === "list-append" ? await listAppend(store, options) : await phantoms(store, options);
  } finally {
    await store.close();
  }
}

async function listAppend(store: HistoryStore, options: WorkloadOptions): Promise<HistoryRound> {
  const { history, counts } = await runListAppend(store.stores, options);
  const injected = await store.calm();
  const last = await readAllLists(firstOf(store), history);
  return { report: checkListAppend([...history, last]), counts, injected };
}

async function phantoms(store: HistoryStore, options: WorkloadOptions): Promise<HistoryRound> {
  const { history, counts } = await runPhantoms(store.stores, options);
  const injected = await store.calm();
  const last = await readAllGroups(firstOf(store), history);
  return { report: checkGroups([...history, last]), counts, injected };
}

function firstOf({ stores }: HistoryStore) {
  return stores[0] as HistoryStore["stores"][number];
}
