import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage } from "../../../src/index.js";
import { SeededRandom } from "../../crash/seeded-random.js";

export interface ComeAndGo {
  readonly path: string;
  readonly seed: number;
  /** Plugins at the same time. */
  readonly plugins: number;
  /** How often each opens the store. */
  readonly times: number;
}

export const COUNT = "count";
const LONGEST_PAUSE_MS = 5;
const MOST_COUNTED = 4;
/** How many of a hundred visits compact the store. */
const COMPACTING = 10;
const ctx = background();

/**
 * Several plugins of this process open one store, count in it and close it, again and again.
 *
 * @returns how much was counted.
 */
export async function comeAndGo({ path, seed, plugins, times }: ComeAndGo): Promise<number> {
  const random = new SeededRandom(seed);
  const visits = Array.from({ length: plugins }, async () => {
    let counted = 0;
    for (let n = 0; n < times; n++) {
      await delay(random.below(LONGEST_PAUSE_MS));
      counted += await visit(path, random);
    }
    return counted;
  });
  return (await Promise.all(visits)).reduce((sum, counted) => sum + counted, 0);
}

async function visit(path: string, random: SeededRandom): Promise<number> {
  const storage = await openStorage({
    backend: "lmdb",
    lmdb: { path },
    ttl_cleanup_interval: "10ms",
    transaction: { max_attempts: 1000 },
  });
  try {
    const counted = random.below(MOST_COUNTED);
    const addOne = () =>
      storage.transact(ctx, async (tx) => tx.set(COUNT, (await tx.getOr<number>(COUNT, 0)) + 1));
    await Promise.all(Array.from({ length: counted }, addOne));
    if (random.below(100) < COMPACTING) await storage.compact(ctx);
    return counted;
  } finally {
    await storage.stop();
  }
}
