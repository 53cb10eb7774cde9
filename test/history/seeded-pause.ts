import type { SeededRandom } from "../../src/testing/faults/seeded-random.js";

/** Lets others run for a while or not at all, by the seed: so that transactions meet at every possible point. */
export async function seededPause(random: SeededRandom): Promise<void> {
  const choice = random.below(8);
  if (choice < 3) return;
  if (choice < 6) {
    for (let microtask = random.below(6); microtask > 0; microtask--) await Promise.resolve();
    return;
  }
  for (let turn = choice - 5; turn > 0; turn--) await new Promise(setImmediate);
}
