/** A process that reads one key through its cache again and again, and tells when each number was still answered. */
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, StorageError, type StorageSettings } from "../../src/index.js";
import { taskOf, tell } from "../support/store-process.js";

export interface ReadingTask {
  readonly settings: StorageSettings;
  readonly key: string;
  /** The number after which to stop. */
  readonly last: number;
}

/** What the reader has seen. */
export interface ReadingReport {
  /** For each number the time at which the last read that answered it began, by the wall clock. */
  readonly lastSeen: readonly (readonly [number: number, at: number])[];
  readonly reads: number;
  readonly hits: number;
  /** Reads that answered a smaller number than an earlier read. */
  readonly steppedBack: number;
  readonly failed: number;
}

const ctx = background();
const { settings, key, last } = taskOf<ReadingTask>();
await using storage = await openStorage(settings);
const lastSeen = new Map<number, number>();
let [reads, failed, steppedBack, newest] = [0, 0, 0, -1];
tell("reading");
while (newest < last) {
  // Several reads in one turn: a hit must not be mistaken for a miss that was shared.
  for (let i = 0; i < 5; i++) await readOnce();
  await delay(1);
}
const { hits } = await storage.getCacheStats(ctx);
tell({ lastSeen: [...lastSeen], reads, hits, steppedBack, failed } satisfies ReadingReport);

async function readOnce(): Promise<void> {
  const at = Date.now();
  try {
    const number = await storage.getOr<number>(ctx, key, -1);
    reads += 1;
    if (number < newest) steppedBack += 1;
    newest = Math.max(newest, number);
    lastSeen.set(number, at);
  } catch (error) {
    // While connections are cut a read may fail; it must not be wrong.
    if (!(error instanceof StorageError)) throw error;
    failed += 1;
    await delay(5);
  }
}
