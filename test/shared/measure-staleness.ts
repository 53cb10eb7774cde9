import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, type StorageSettings } from "../../src/index.js";
import { StoreProcess } from "../support/store-process.js";
import type { ReadingReport, ReadingTask } from "./reading-process.js";

const PROGRAM = new URL("reading-process.ts", import.meta.url);
const KEY = "number";

export interface Staleness {
  /** How long after the commit of the next number resolved a read that began then still answered the one before. */
  readonly worstMs: number;
  readonly report: ReadingReport;
}

export interface StalenessOptions {
  readonly writer: StorageSettings;
  readonly reader: StorageSettings;
  readonly writes: number;
  /** Runs before each write: the place for faults. */
  readonly disturb?: (write: number) => unknown;
}

/** One process reads through its cache what this one writes, number after number. */
export async function measureStaleness(options: StalenessOptions): Promise<Staleness> {
  const task: ReadingTask = { settings: options.reader, key: KEY, last: options.writes - 1 };
  const storage = await openStorage(options.writer);
  const reader = new StoreProcess(PROGRAM, task);
  try {
    await reader.next();
    const committed = new Map<number, number>();
    for (let number = 0; number < options.writes; number++) {
      options.disturb?.(number);
      await storage.set(background(), KEY, number);
      committed.set(number, Date.now());
      // Now and then long enough for the reader to fill its cache and to live on it.
      await delay(number % 5 === 0 ? 60 : 4);
    }
    const report = await reader.next<ReadingReport>();
    return { worstMs: worst(report, committed), report };
  } finally {
    await reader.end();
    await storage.stop();
  }
}

function worst(report: ReadingReport, committed: ReadonlyMap<number, number>): number {
  const ages = report.lastSeen.map(([number, at]) => at - (committed.get(number + 1) ?? Infinity));
  return Math.max(0, ...ages);
}
