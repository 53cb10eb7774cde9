import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { codeOf, ErrStorageCorrupted, StorageFault } from "../../src/core/errors.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import { NAMESPACES, showEntry } from "./crash-model.js";
import { CrashWorkload } from "./crash-workload.js";
import { SeededRandom } from "./seeded-random.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();
const CALLS = 20;
/** Rounds on one store; the next is another one. */
const ROUNDS_PER_STORE = 200;
const FORM: StoreForm = {
  ...PLAIN,
  backend: "directory",
  sizes: { ...PLAIN.sizes, compactBytes: 100_000 },
};

export type Damage = "flip" | "cut";

export interface DirectoryDamageTotals {
  rounds: number;
  /** Rounds in which opening the store, or reading a key, came to 5003. */
  reported: number;
  readonly failures: string[];
}

/**
 * Damages one file of a directory store at a time, by a flipped bit or by cutting it short, opens the store and reads
 * everything: opening may come to 5003 that names the file, or reading a key to 5003; all else must be there, the
 * listing included. A journal that is cut is one that was not finished: then an earlier state may be found.
 */
export async function tryDirectoryDamage(
  damage: Damage,
  { seed, rounds, until = Infinity }: { seed: number; rounds: number; until?: number },
): Promise<DirectoryDamageTotals> {
  const totals: DirectoryDamageTotals = { rounds: 0, reported: 0, failures: [] };
  for (let store = 0; totals.rounds < rounds && performance.now() < until; store++) {
    const random = new SeededRandom(seed * 1009 + store);
    const sample = await sampleStore(random, store % 2 === 0);
    for (let i = 0; i < ROUNDS_PER_STORE && totals.rounds < rounds; i++) {
      const place = placeIn(sample.files, damage, random);
      const verdict = await judge(sample, place);
      totals.rounds += 1;
      if (verdict === "reported") totals.reported += 1;
      else if (verdict !== "right")
        totals.failures.push(`seed ${seed}, store ${store}, ${place.label}: ${verdict}`);
    }
  }
  return totals;
}

type Files = readonly (readonly [path: string, content: Uint8Array])[];

interface SampleStore {
  readonly files: Files;
  readonly workload: CrashWorkload;
}

/** @param closed a store that was closed has no journal to speak of, and a file for every entry. */
async function sampleStore(random: SeededRandom, closed: boolean): Promise<SampleStore> {
  const workload = new CrashWorkload(random);
  const fs = new SimulatedFileSystem();
  const store = simulatedStore(fs, FORM);
  await store.open(ctx);
  for (let call = 0; call < CALLS; call++) {
    await workload.commit(store);
    // Files are written in the middle, so that a journal follows what they hold.
    if (call === CALLS / 2) await store.extensions.flush?.(ctx);
  }
  if (closed) await store.close(ctx);
  return { files: [...fs.contents()].filter(([, { length }]) => length > 0), workload };
}

interface Place {
  readonly path: string;
  readonly label: string;
  readonly content: Uint8Array;
  readonly mayBeEarlier: boolean;
}

function placeIn(files: Files, damage: Damage, random: SeededRandom): Place {
  const [path, content] = random.pick(files);
  if (damage === "cut") {
    const length = random.below(content.length);
    const mayBeEarlier = path.includes(".journal-");
    return { path, label: `${path} cut after ${length}`, content: content.subarray(0, length), mayBeEarlier };
  }
  const bit = random.below(content.length * 8);
  const flipped = Uint8Array.from(content);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return { path, label: `bit ${bit} of ${path}`, content: flipped, mayBeEarlier: false };
}

/** `right`, `reported`, or what is wrong. */
async function judge({ files, workload }: SampleStore, place: Place): Promise<string> {
  const fs = new SimulatedFileSystem();
  for (const [path, content] of files) fs.plant(path, path === place.path ? place.content : content);
  const store = simulatedStore(fs, FORM);
  try {
    await store.open(ctx);
  } catch (error) {
    return isCorruption(error) && error.message.includes(place.path)
      ? "reported"
      : `opening: ${String(error)}`;
  }
  const found = await readableState(store);
  await store.close(ctx);
  if (typeof found === "string") return found;
  const candidates = place.mayBeEarlier ? workload.states : workload.allowed();
  if (!candidates.some((state) => isReadAs(found, state.split("\n")))) return "opened with something lost";
  return found.some((line) => line.endsWith(DAMAGED)) ? "reported" : "right";
}

function isCorruption(error: unknown): error is StorageFault {
  return error instanceof StorageFault && codeOf(error.reason, "read") === ErrStorageCorrupted;
}

/** Stands in the place of an entry that comes to 5003. */
const DAMAGED = " damaged";

/** The lines of the state, as far as each key can be read; text when one fails in another way. */
async function readableState(store: Backend): Promise<readonly string[] | string> {
  const lines: string[] = [];
  for (const name of NAMESPACES) {
    const { position } = await store.read(ctx, name, []);
    lines.push(`# ${name} ${position.ordinal}:${position.id}`);
    for await (const page of store.scan(ctx, name, { start: "" }, { want: "keys" })) {
      for (const { key } of page.entries) {
        try {
          const [entry] = (await store.read(ctx, name, [key])).entries;
          lines.push(entry === undefined ? `${key} listed and absent` : `${key} ${showEntry(entry)}`);
        } catch (error) {
          if (!isCorruption(error) || error.key !== key) return `reading ${key}: ${String(error)}`;
          lines.push(key + DAMAGED);
        }
      }
    }
  }
  return lines;
}

function isReadAs(found: readonly string[], state: readonly string[]): boolean {
  if (found.length !== state.length) return false;
  return found.every((line, i) => {
    const expected = state[i] as string;
    return (
      line === expected || (line.endsWith(DAMAGED) && expected.startsWith(line.slice(0, -DAMAGED.length + 1)))
    );
  });
}
