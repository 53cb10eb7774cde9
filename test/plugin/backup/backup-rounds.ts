import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { background, openStorage, type BackupResult, type StoragePlugin } from "../../../src/index.js";
import { SeededRandom } from "../../crash/seeded-random.js";
import { CommitHistory } from "../../support/commit-history.js";
import type { StoreKind } from "../../support/stores.js";
import { openTapped } from "../../support/tapped-store.js";

const ctx = background();

export interface BackupRounds {
  readonly seed: number;
  readonly rounds: number;
  /** On the monotonic clock. */
  readonly until?: number;
}

export interface BackupTotals {
  rounds: number;
  /** Commits made while backups ran. */
  commits: number;
  /** Namespaces of backups by how they were read. */
  readonly sources: Record<BackupResult["namespaces"][number]["source"], number>;
  readonly failures: string[];
}

/** So short a log that some incremental backups must compare versions. */
const SHORT_LOG = 40;
const NAMESPACES = ["", "n", "ä ключ"];
const CHAIN = 4;
/** Most commits between two backups, so that a short log sometimes reaches back to the last one, and sometimes does not. */
const MOST_BETWEEN = 150;

/**
 * Backs up a store of a kind again and again under writers that never pause meanwhile, and restores each backup: every
 * namespace must be what one of its commits left. Undefined where the kind cannot be had.
 */
export async function tryBackups(kind: StoreKind, options: BackupRounds): Promise<BackupTotals | undefined> {
  const fresh = await kind.fresh();
  if (fresh === undefined) return undefined;
  const random = new SeededRandom(options.seed);
  const count = random.chance(0.5) ? SHORT_LOG : 10_000;
  const tap = { afterRead: () => pause(random) };
  const settings = {
    ...fresh.settings,
    changes: { retain: { count, age: "1h" as const } },
    operation_timeout: "1m" as const,
  };
  const { storage: store } = await openTapped(settings, tap);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-rounds-"));
  try {
    return await underWriters(store, folder, random, options, kind.name);
  } finally {
    await store.stop();
    await fresh.destroy();
    await rm(folder, { recursive: true });
  }
}

async function underWriters(
  store: StoragePlugin,
  folder: string,
  random: SeededRandom,
  { rounds, seed, until = Infinity }: BackupRounds,
  name: string,
): Promise<BackupTotals> {
  const sources = { scan: 0, log: 0, difference: 0 };
  const totals: BackupTotals = { rounds: 0, commits: 0, sources, failures: [] };
  const history = new CommitHistory(store, {
    namespaces: NAMESPACES,
    writers: 6,
    random: () => random.next(),
  });
  await history.begin();
  let base: string | undefined;
  try {
    for (let round = 0; round < rounds && performance.now() < until; round++) {
      const path = join(folder, `backup-${round}`);
      history.write();
      await history.grow(random.below(MOST_BETWEEN));
      const compression = random.chance(0.5) ? "gzip" : "none";
      const result = await store.backup(ctx, path, { compression, ...(base !== undefined && { base }) });
      for (const { source } of result.namespaces) totals.sources[source] += 1;
      totals.rounds += 1;
      await history.pause();
      base = round % CHAIN === CHAIN - 1 ? undefined : path;
      const flaw = await flawOf(history, path);
      if (flaw !== undefined) totals.failures.push(`${name}, seed ${seed}, round ${round}: ${flaw}`);
    }
  } finally {
    await history.pause();
    totals.commits = history.commits;
  }
  return totals;
}

/** Lets writers in between two calls of a backup, which in one process would come one right after the other. */
async function pause(random: SeededRandom): Promise<void> {
  for (let turns = random.below(8); turns > 0; turns--) await nextTurn();
}

async function flawOf(history: CommitHistory, path: string): Promise<string | undefined> {
  const restored = await openStorage();
  try {
    await restored.restore(ctx, path);
    return await history.flawOf(restored);
  } catch (error) {
    return String(error);
  } finally {
    await restored.stop();
  }
}
