import { setImmediate as nextTurn } from "node:timers/promises";
import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { codeOf, ErrStorageCorrupted, StorageFault } from "../../src/core/errors.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import { NAMESPACES, showEntry } from "./crash-model.js";
import { CrashWorkload } from "./crash-workload.js";
import { SeededRandom } from "./seeded-random.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();
const CALLS = 8;
const FORM: StoreForm = {
  ...PLAIN,
  backend: "directory",
  sizes: { ...PLAIN.sizes, compactBytes: 100_000 },
};

/**
 * How far a store came: `closed`, all in index and files; `filed`, with a journal of everything whose first half is in files
 * too; `compacted`, with an index and files of the first half and a journal of the second.
 */
const ENDS = ["closed", "filed", "compacted"] as const;

export type Damage = "flip" | "cut";

export interface DirectoryDamageTotals {
  rounds: number;
  /** Rounds in which opening the store, or reading a key, came to 5003. */
  reported: number;
  readonly failures: string[];
}

export interface DirectoryDamageOptions {
  readonly seed: number;
  /** Every place is damaged unless given; of so many one otherwise. */
  readonly stride?: number;
  readonly log?: (line: string) => void;
}

/**
 * Damages small stores of the directory backend at every place of every file, one at a time: flips a bit, or cuts the
 * file at a length. Opens the store and reads everything: opening may come to 5003 that names the file, or reading a key
 * to 5003; all else must be there, the listing included. A journal that is cut is one that was not finished: then exactly
 * the state of its whole frames must be found.
 */
export async function tryDirectoryDamage(
  damage: Damage,
  { seed, stride = 1, log = () => undefined }: DirectoryDamageOptions,
): Promise<DirectoryDamageTotals> {
  const totals: DirectoryDamageTotals = { rounds: 0, reported: 0, failures: [] };
  let skipped = seed % stride;
  for (const end of ENDS) {
    const sample = await sampleStore(new SeededRandom(seed), end);
    for (const [path, content] of sample.files) {
      const places = damage === "cut" ? content.length : content.length * 8;
      let at = skipped;
      for (; at < places; at += stride) {
        const verdict = await judge(
          sample,
          damage === "cut" ? cutAt(sample, path, at) : flipAt(sample, path, at),
        );
        totals.rounds += 1;
        if (verdict === "reported") totals.reported += 1;
        else if (verdict !== "right")
          totals.failures.push(`seed ${seed}, ${end}, ${damage} ${at} of ${path}: ${verdict}`);
      }
      skipped = at - places;
      log(`${totals.rounds} rounds, ${end}: ${path} done`);
      // Nothing here waits for anything real, so others would never run.
      await nextTurn();
    }
  }
  return totals;
}

interface SampleStore {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly workload: CrashWorkload;
  /** By path, those that were written to. */
  readonly journals: ReadonlyMap<string, SampleJournal>;
}

/** Which calls a journal tells of. */
interface SampleJournal {
  /** Calls before the first of them. */
  readonly before: number;
  /** Where each of them ends, its newline included. */
  readonly ends: number[];
}

async function sampleStore(random: SeededRandom, end: (typeof ENDS)[number]): Promise<SampleStore> {
  const workload = new CrashWorkload(random);
  const journals = new Map<string, SampleJournal>();
  const fs = new SimulatedFileSystem();
  const store = simulatedStore(fs, FORM);
  await store.open(ctx);
  for (let call = 0; call < CALLS; call++) {
    await workload.commit(store);
    noteEnd(journals, fs, call);
    if (call === CALLS / 2) await store.extensions[end === "compacted" ? "compact" : "flush"]?.(ctx);
  }
  if (end === "closed") await store.close(ctx);
  return { files: fs.contents(), workload, journals };
}

function noteEnd(journals: Map<string, SampleJournal>, fs: SimulatedFileSystem, before: number): void {
  const [path, content] = [...fs.contents()].findLast(([name]) => isJournal(name)) as [string, Uint8Array];
  const journal = journals.get(path) ?? { before, ends: [] };
  journal.ends.push(content.findLastIndex((byte) => byte !== 0) + 1);
  journals.set(path, journal);
}

function isJournal(path: string): boolean {
  return path.includes(".journal-");
}

interface Place {
  readonly path: string;
  readonly content: Uint8Array;
  /** One of them must be found. */
  readonly allowed: readonly string[];
}

function flipAt({ files, workload }: SampleStore, path: string, bit: number): Place {
  const flipped = Uint8Array.from(files.get(path) as Uint8Array);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return { path, content: flipped, allowed: workload.allowed() };
}

function cutAt({ files, workload, journals }: SampleStore, path: string, length: number): Place {
  const content = (files.get(path) as Uint8Array).subarray(0, length);
  const journal = journals.get(path);
  if (journal === undefined) return { path, content, allowed: workload.allowed() };
  // A frame whose newline alone is missing is whole.
  const whole = journal.ends.filter((end) => length >= end - 1).length;
  return { path, content, allowed: [workload.states[journal.before + whole] as string] };
}

/** `right`, `reported`, or what is wrong. */
async function judge({ files }: SampleStore, place: Place): Promise<string> {
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
  if (!place.allowed.some((state) => isReadAs(found, state.split("\n")))) return "opened with something lost";
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
