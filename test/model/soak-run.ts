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

/** What a soak showed. */
export interface Soak {
  /** Bytes by which the heap grows per operation once it has settled. */
  readonly slope: number;
  /** The heap from then on, in KiB, at ten moments: a leak climbs, a table that grows once makes a step. */
  readonly heapKib: readonly number[];
}

export async function soakHeap(plan: SoakPlan): Promise<Soak> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", compiledProgram(WORKER), JSON.stringify(plan)],
    { maxBuffer: 10_000_000 },
  );
  const samples = JSON.parse(stdout) as SoakSample[];
  const settled = samples.slice(Math.floor(samples.length * SETTLING_SHARE));
  const each = Math.max(1, Math.floor(settled.length / 10));
  const heapKib = settled.filter((_sample, i) => i % each === 0).map(({ heapBytes }) => heapBytes / 1024);
  return { slope: slopeOf(settled), heapKib };
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
