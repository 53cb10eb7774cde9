import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { compiledProgram } from "../support/compiled-program.js";

const WORKER = new URL("soak-worker.ts", import.meta.url);

export interface SoakPlan {
  readonly backend: "memory" | "file";
  readonly operations: number;
  readonly samples: number;
  readonly seed: number;
  /** Keeps one object for ever in so many operations, to show that it is found; 0: none. */
  readonly leakEvery: number;
}

export interface SoakSample {
  readonly operations: number;
  /** After a full collection. */
  readonly heapBytes: number;
}

/** Of the samples, so many are left out while caches, logs and compiled code settle. */
const SETTLING_SHARE = 0.4;

/**
 * Of so many stretches the lowest sample counts: what the runtime has not given back yet only adds to it, by more than ten
 * million operations may leave. A leak raises the lowest too.
 */
const STRETCHES = 20;

/** What a soak showed. */
export interface Soak {
  /** Bytes by which the heap grows per operation once it has settled. */
  readonly slope: number;
  /** The lowest of each stretch from then on, in KiB: a leak climbs, a table that grows once makes a step. */
  readonly heapKib: readonly number[];
}

export async function soakHeap(plan: SoakPlan): Promise<Soak> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", compiledProgram(WORKER), JSON.stringify(plan)],
    { maxBuffer: 10_000_000 },
  );
  const samples = JSON.parse(stdout) as SoakSample[];
  const settled = lowestOf(samples.slice(Math.floor(samples.length * SETTLING_SHARE)), STRETCHES);
  return { slope: slopeOf(settled), heapKib: settled.map(({ heapBytes }) => heapBytes / 1024) };
}

/** The lowest sample of each of so many stretches; of fewer samples, each. */
export function lowestOf(samples: readonly SoakSample[], stretches: number): SoakSample[] {
  const length = Math.max(1, Math.ceil(samples.length / stretches));
  const lowest: SoakSample[] = [];
  for (let from = 0; from < samples.length; from += length) {
    const stretch = samples.slice(from, from + length);
    lowest.push(stretch.reduce((least, sample) => (sample.heapBytes < least.heapBytes ? sample : least)));
  }
  return lowest;
}

/** The median of the slopes between all pairs of samples (Theil and Sen): single spikes do not count. */
export function slopeOf(samples: readonly SoakSample[]): number {
  const slopes: number[] = [];
  for (const [i, a] of samples.entries()) {
    for (const b of samples.slice(i + 1)) {
      slopes.push((b.heapBytes - a.heapBytes) / (b.operations - a.operations));
    }
  }
  slopes.sort((a, b) => a - b);
  const middle = slopes[Math.floor(slopes.length / 2)];
  if (middle === undefined) throw new RangeError("a slope needs at least two samples");
  return middle;
}
