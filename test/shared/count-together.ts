import { background, openStorage, type StorageSettings } from "../../src/index.js";
import { StoreProcess } from "../support/store-process.js";
import type { CountingTask } from "./counting-process.js";
import { watchLog, type WatchedLog } from "./log-watcher.js";

const PROCESSES = 2;
const COUNTERS = ["counter:1", "counter:2"];
const PROGRAM = new URL("counting-process.ts", import.meta.url);

export interface CountedTogether {
  /** What the counters came to. */
  readonly total: number;
  readonly expected: number;
  /** What the watchers of this process and the others have seen. */
  readonly logs: readonly WatchedLog[];
}

export interface CountingPlan {
  /** In each process. */
  readonly tasks: number;
  /** By each task. */
  readonly increments: number;
  /** How long the processes may take; as the tests of others unless given. */
  readonly limitMs?: number;
}

/** Two processes count in one store while a third, this one, watches. */
export async function countTogether(
  settings: StorageSettings,
  { tasks, increments, limitMs }: CountingPlan,
): Promise<CountedTogether> {
  const commits = PROCESSES * tasks * increments;
  // The watchers follow from the first commit on, however far behind they fall.
  const kept = { ...settings, changes: { retain: { count: 10 * commits, age: "1h" } } };
  const task: CountingTask = { settings: kept, tasks, increments, counters: COUNTERS, commits };
  const storage = await openStorage(kept);
  const processes = Array.from({ length: PROCESSES }, () => new StoreProcess(PROGRAM, task));
  try {
    const watching = watchLog(storage, commits);
    await Promise.all(processes.map((process) => process.next(limitMs)));
    const counts = await storage.getBatch<number>(background(), COUNTERS);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const theirs = processes.map((process) => process.next<WatchedLog>(limitMs));
    return { total, expected: commits, logs: await Promise.all([watching, ...theirs]) };
  } finally {
    await Promise.all(processes.map((process) => process.end()));
    await storage.stop();
  }
}
