/** One of several processes that count in one store, each increment a read, a change and a write in `transact`. */
import { background, openStorage, type StorageSettings, type Transaction } from "../../src/index.js";
import { taskOf, tell, tellWhenLate } from "../support/store-process.js";
import { watchLog } from "./log-watcher.js";

export interface CountingTask {
  readonly settings: StorageSettings;
  readonly tasks: number;
  /** By each task. */
  readonly increments: number;
  /** What the tasks share out among themselves. */
  readonly counters: readonly string[];
  /** Commits that all processes will make; each watches for them. */
  readonly commits: number;
}

const ctx = background();
const { settings, tasks, increments, counters, commits } = taskOf<CountingTask>();
await using storage = await openStorage(settings);
let [attempts, seen] = [0, 0];
const log = watchLog(storage, commits, () => (seen += 1));
const counted = Array.from({ length: tasks }, () => 0);
tellWhenLate(() => ({ counted, attempts, seen, resources: process.getActiveResourcesInfo() }));
await Promise.all(
  Array.from({ length: tasks }, async (_, task) => {
    const key = counters[task % counters.length] as string;
    for (let i = 0; i < increments; i++) {
      await storage.transact(ctx, (tx) => increment(tx, key), { maxAttempts: 10_000 });
      counted[task] = i + 1;
    }
  }),
);
tell("counted");
tell(await log);

async function increment(tx: Transaction, key: string): Promise<void> {
  attempts += 1;
  await tx.set(key, (await tx.getOr<number>(key, 0)) + 1);
}
