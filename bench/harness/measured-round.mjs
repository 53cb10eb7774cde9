import { readFileSync } from "node:fs";

const NS_OF = { ns: 1, µs: 1e3, ms: 1e6 };
const OWN_SCHEDULING = "/proc/self/schedstat";

/** Nanoseconds that the JavaScript thread was ready to run and had no processor; undefined where it is not told. */
function runQueueWaitNs() {
  try {
    return Number(readFileSync(OWN_SCHEDULING, "utf8").split(" ")[1]);
  } catch {
    return undefined;
  }
}

/**
 * Runs one round. `work` answers how many operations it did, or the figures it took itself; the answer holds its
 * figures and the share of the round that its thread spent waiting for a processor.
 */
export async function measuredRound(measure, unit, work) {
  globalThis.gc?.();
  const waitBefore = runQueueWaitNs();
  const start = performance.now();
  const outcome = await work();
  const wallMs = performance.now() - start;
  const waitAfter = runQueueWaitNs();
  const waitShare = waitBefore === undefined ? 0 : (waitAfter - waitBefore) / 1e6 / wallMs;
  return { figures: figuresOf(measure, unit, outcome, wallMs), waitShare };
}

function figuresOf(measure, unit, outcome, wallMs) {
  if (typeof outcome !== "number") return outcome;
  return { [measure.name]: (wallMs * 1e6) / NS_OF[unit] / outcome };
}
