import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DirectoryLayout } from "../../src/backends/directory/directory-layout.js";
import { StoreLayout } from "../../src/backends/file/store-layout.js";
import { thisProcess } from "../../src/backends/files/process-identity.js";
import { compiledProgram } from "../support/compiled-program.js";
import { SeededRandom } from "./seeded-random.js";

const RACER = new URL("lock-racer.ts", import.meta.url);

export interface RaceOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly racers: number;
  readonly until?: number;
  /** What they race for: the lock itself, unless it is to open a store of the directory backend that has it. */
  readonly prize?: "lock" | "directory";
}

/** What a racing process is told; it answers with a word for each. */
export type RacerTask =
  | { readonly kind: "lock"; readonly path: string }
  | { readonly kind: "open"; readonly folder: string }
  | { readonly kind: "let go" };

export interface RaceTotals {
  rounds: number;
  readonly failures: string[];
}

/**
 * Lets processes race for a lock whose owner is dead, some of whose successors may have died on the way, too: exactly
 * one must get it, the others must be told that it is locked, and nothing may be left beside the lock.
 */
export async function tryRaces(options: RaceOptions): Promise<RaceTotals> {
  const { seed, rounds, racers, until = Infinity, prize = "lock" } = options;
  const totals: RaceTotals = { rounds: 0, failures: [] };
  const random = new SeededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
  const children = Array.from({ length: racers }, () => fork(compiledProgram(RACER), { execArgv: [] }));
  try {
    await Promise.all(children.map((child) => once(child, "message")));
    for (let round = 0; round < rounds && performance.now() < until; round++) {
      const place = join(folder, `round-${round}`);
      const failure =
        prize === "lock"
          ? await race(children, { kind: "lock", path: place }, place, random)
          : await raceToOpen(children, place, random);
      if (failure !== undefined) totals.failures.push(`seed ${seed}, round ${round}: ${failure}`);
      totals.rounds += 1;
    }
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => once(child, "exit")));
    await rm(folder, { recursive: true, force: true });
  }
  return totals;
}

async function raceToOpen(
  children: readonly ChildProcess[],
  folder: string,
  random: SeededRandom,
): Promise<string | undefined> {
  const { lock } = new StoreLayout(new DirectoryLayout(join(folder, "store")).index);
  await mkdir(dirname(lock), { recursive: true });
  const failure = await race(children, { kind: "open", folder }, lock, random);
  await tell(children, { kind: "let go" });
  return failure;
}

async function race(
  children: readonly ChildProcess[],
  task: RacerTask,
  lock: string,
  random: SeededRandom,
): Promise<string | undefined> {
  let at = lock;
  for (let dead = 1 + random.below(3); dead > 0; dead--) at = await plantDeadOwner(at);
  const answers = await tell(children, task);
  const wrong = answers.find((answer) => answer !== "won" && answer !== "locked");
  if (wrong !== undefined) return wrong;
  const winners = answers.filter((answer) => answer === "won").length;
  if (winners !== 1) return `${winners} owners`;
  const left = (await readdir(dirname(lock))).filter((name) => name.startsWith(`${basename(lock)}.`));
  return left.length === 0 ? undefined : `left behind: ${left.join(", ")}`;
}

/** Gives all the same task at once; their answers. */
async function tell(children: readonly ChildProcess[], task: RacerTask): Promise<readonly string[]> {
  return await Promise.all(
    children.map(async (child) => {
      const answer = once(child, "message");
      child.send(task);
      return String(((await answer) as [unknown])[0]);
    }),
  );
}

/** A lock of a process that is over, and the name of the lock that its successor must hold. */
async function plantDeadOwner(path: string): Promise<string> {
  const owner = `dead${path.length}`;
  const gone = { ...(await thisProcess()), startTime: "1", owner, since: new Date(0).toISOString() };
  await writeFile(path, JSON.stringify(gone));
  return `${path}.after-${owner}`;
}
