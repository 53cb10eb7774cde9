import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HeldLock, StoreLock } from "../../src/backends/files/store-lock.js";
import { StorageFault } from "../../src/core/errors.js";

/**
 * How many get a lock whose owner is alive but has not run for an hour, as a stopped process or a machine that was asleep
 * has not; 1, the owner itself, is right.
 */
export async function ownersAfterSleep(lock: StoreLock): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
  const path = join(folder, "storage.json.lock");
  const held: HeldLock[] = [await lock.acquire(path)];
  try {
    const anHourAgo = Date.now() / 1000 - 3600;
    await utimes(path, anHourAgo, anHourAgo);
    held.push(await lock.acquire(path));
  } catch (error) {
    if (!(error instanceof StorageFault && error.reason === "locked")) throw error;
  } finally {
    for (const each of held) await each.release();
    await rm(folder, { recursive: true, force: true });
  }
  return held.length;
}
