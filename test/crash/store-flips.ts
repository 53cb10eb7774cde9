import { background } from "../../src/core/context.js";
import { codeOf, ErrStorageCorrupted, StorageFault } from "../../src/core/errors.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import { stateOf } from "./crash-model.js";
import type { Wrap } from "./crash-states.js";
import { CrashWorkload } from "./crash-workload.js";
import { SeededRandom } from "./seeded-random.js";
import { PLAIN, simulatedStore } from "./simulated-store.js";

const ctx = background();
const CALLS = 12;

/**
 * Flips bits of the files of a closed store, those of the last newline of its journal among them, and opens it: each
 * must be answered with 5003 that names the file, every file left as it was; or, where nothing was there to damage,
 * with everything that was acknowledged.
 */
export async function tryStoreFlips(
  seed: number,
  flips: number,
  wrap: Wrap = (fs) => fs,
): Promise<readonly string[]> {
  const random = new SeededRandom(seed);
  const workload = new CrashWorkload(random);
  const fs = new SimulatedFileSystem();
  const store = simulatedStore(fs, { ...PLAIN, sizes: { ...PLAIN.sizes, compactBytes: 100_000 } });
  await store.open(ctx);
  for (let call = 0; call < CALLS; call++) await workload.commit(store);
  // Not closed: closing would leave a journal without frames.
  const files = [...fs.contents()].filter(([path]) => !path.includes("backup"));
  const places = [...lastNewlines(files), ...Array.from({ length: flips }, () => placeIn(files, random))];
  const failures: string[] = [];
  for (const { path, bit } of places) {
    const failure = await tryFlip(files, path, bit, workload, wrap);
    if (failure !== undefined) failures.push(`bit ${bit} of ${path}: ${failure}`);
  }
  return failures;
}

type Files = readonly (readonly [path: string, content: Uint8Array])[];

interface Place {
  readonly path: string;
  readonly bit: number;
}

function lastNewlines(files: Files): Place[] {
  return files.flatMap(([path, content]) => {
    const at = content.lastIndexOf(0x0a);
    return Array.from({ length: 8 }, (_, i) => ({ path, bit: at * 8 + i }));
  });
}

function placeIn(files: Files, random: SeededRandom): Place {
  const [path, content] = random.pick(files);
  return { path, bit: random.below(content.length * 8) };
}

async function tryFlip(
  files: Files,
  path: string,
  bit: number,
  workload: CrashWorkload,
  wrap: Wrap,
): Promise<string | undefined> {
  const fs = new SimulatedFileSystem();
  for (const [name, content] of files) fs.plant(name, name === path ? flipped(content, bit) : content);
  const store = simulatedStore(wrap(fs), PLAIN);
  try {
    await store.open(ctx);
  } catch (error) {
    return verdictOn(error, path) ?? (await changesOf(fs, files, path));
  }
  return workload.isAllowed(await stateOf(store)) ? undefined : "opened with something lost";
}

function verdictOn(error: unknown, path: string): string | undefined {
  if (!(error instanceof StorageFault)) return String(error);
  const isTold = codeOf(error.reason, "read") === ErrStorageCorrupted && error.message.includes(path);
  return isTold ? undefined : `told as ${error.reason}: ${error.message}`;
}

async function changesOf(
  fs: SimulatedFileSystem,
  files: Files,
  damaged: string,
): Promise<string | undefined> {
  const now = fs.contents();
  const changed = files.some(
    ([path, content]) => path !== damaged && Buffer.compare(now.get(path) ?? Buffer.alloc(0), content) !== 0,
  );
  return changed || now.size !== files.length ? "a file was changed" : undefined;
}

function flipped(content: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(content);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
