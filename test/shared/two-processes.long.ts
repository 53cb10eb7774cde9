import { background, openStorage, type StorageSettings } from "../../src/index.js";
import type { LongRow } from "../support/long-row.js";
import { SHARED_STORES, type FreshStore, type StoreKind } from "../support/stores.js";
import { countTogether } from "./count-together.js";

const TASKS = 8;
const INCREMENTS = 1000;
const COUNTERS = 2;
/** For what hangs. */
const LIMIT_MS = 1_800_000;

/** A round counts to 16 000 and is not cut short by the minutes. */
function rowOf(kind: StoreKind): LongRow {
  return {
    id: `counting-${kind.name.replace(" ", "-")}`,
    title:
      "2 processes of 8 tasks that make 1000 increments each in `transact`: counted exactly, each commit seen once and in order",
    fullRounds: 1,
    async run({ rounds = 1, minutes = Infinity, log }) {
      const until = performance.now() + minutes * 60_000;
      const result = { rounds: 0, failures: 0, details: [] as string[], counts: { increments: 0 } };
      while (result.rounds < rounds && (result.rounds === 0 || performance.now() < until)) {
        const store = await kind.fresh();
        if (store === undefined) throw new Error(`${kind.name} needs ${kind.needs}`);
        const flaw = await flawOf(store);
        result.rounds += 1;
        result.counts.increments += 2 * TASKS * INCREMENTS;
        if (flaw !== undefined) {
          result.failures += 1;
          result.details.push(flaw);
        }
        log(flaw ?? "exact");
      }
      return result;
    },
  };
}

async function flawOf(store: FreshStore): Promise<string | undefined> {
  try {
    return await count(store.settings);
  } finally {
    await store.destroy();
  }
}

/** What is wrong with what two processes have counted together. */
async function count(settings: StorageSettings): Promise<string | undefined> {
  const plan = { tasks: TASKS, increments: INCREMENTS, limitMs: LIMIT_MS };
  const { total, expected, logs } = await countTogether(settings, plan);
  if (total !== expected) return `counted ${total} of ${expected}`;
  const [first] = logs;
  const differs = logs.find(({ commits, digest }) => commits !== expected || digest !== first?.digest);
  if (differs !== undefined) return `a watcher saw ${differs.commits} of ${expected} commits, or others`;
  const problem = logs.flatMap(({ problems }) => problems)[0];
  if (problem !== undefined) return problem;
  const storage = await openStorage(settings);
  const size = await storage.size(background());
  await storage.stop();
  return size === COUNTERS ? undefined : `${size} keys instead of ${COUNTERS}`;
}

export const rows: readonly LongRow[] = SHARED_STORES.map(rowOf);
