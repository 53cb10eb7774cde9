import type { Breather } from "../files/breather.js";

/** Carries out work that is cut into slices, and lets everything else run between them when it is time. */
export async function paced<T>(work: Generator<void, T>, breather: Breather): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (breather.isDue) await breather.breathe();
  }
}
