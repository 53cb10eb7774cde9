import { background } from "../../src/core/context.js";
import type { Storage } from "../../src/index.js";

class TornRead extends Error {}

/**
 * Runs work that fails when two keys differ, and changes both while it has read one. True when the failure reached
 * the caller, who then hears of a state that never was.
 */
export async function hearsOfTornRead(storage: Storage): Promise<boolean> {
  const ctx = background();
  await storage.setBatch(ctx, { left: 1, right: 1 });
  let runs = 0;
  const work = storage.transact(ctx, async (tx) => {
    const left = await tx.get("left");
    runs += 1;
    if (runs === 1) await storage.setBatch(ctx, { left: 2, right: 2 });
    if (left !== (await tx.get("right"))) throw new TornRead();
  });
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof TornRead) return true;
    throw error;
  }
}
