import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { compiledProgram } from "../support/compiled-program.js";
import { CRASH_STORES, crashStoreIn, type CrashStore } from "./crash-store.js";
import { SeededRandom } from "./seeded-random.js";

const ctx = background();
const WRITER = new URL("kill-writer.ts", import.meta.url);
/** A writer of one store is ended at the latest so long after it has opened it; others may take longer, as they share the disk. */
const LONGEST_LIFE_MS = 60;
const LIFE_MS_PER_STORE = 20;

export interface KillTotals {
  /** Stores opened after their writing process had ended. */
  rounds: number;
  acknowledged: number;
  readonly failures: string[];
}

export interface KillOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly until?: number;
  /** Goes on after `rounds` until so many commits were acknowledged; 0 unless given. A busy machine needs more rounds. */
  readonly enough?: number;
  /** The kind of store; the file backend's unless given. */
  readonly store?: CrashStore;
  /** Stores that one process writes to at once, each a round when it ends: to start a process costs most of one. */
  readonly stores?: number;
}

/** How a writer's life ends, and what must be done before its stores are opened again. */
export interface Ending {
  /** The stores are in it. */
  readonly folder: string;
  end(child: ChildProcess): Promise<void>;
}

/** Kills a writing process with SIGKILL again and again on the same stores. */
export async function tryKills(options: KillOptions): Promise<KillTotals> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-kill-"));
  try {
    return await tryEndings(options, {
      folder,
      async end(child) {
        child.kill("SIGKILL");
        await once(child, "close");
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Ends a writing process again and again, and opens its stores after each: every acknowledged commit must be there whole,
 * and nothing that was never begun.
 */
export async function tryEndings(
  { seed, rounds, until = Infinity, enough = 0, store = CRASH_STORES.file, stores = 1 }: KillOptions,
  ending: Ending,
): Promise<KillTotals> {
  const totals: KillTotals = { rounds: 0, acknowledged: 0, failures: [] };
  const random = new SeededRandom(seed);
  const longestLifeMs = LONGEST_LIFE_MS + (stores - 1) * LIFE_MS_PER_STORE;
  const written = Array.from({ length: stores }, (_, i) => newStore(join(ending.folder, String(i))));
  await Promise.all(written.map(({ folder }) => mkdir(folder)));
  const isWorthMore = () => totals.rounds < rounds || totals.acknowledged < enough;
  for (let life = 0; isWorthMore() && performance.now() < until; life++) {
    const said = await endedAfter(store, written, random.below(longestLifeMs), ending);
    for (const [i, each] of written.entries()) {
      const told = toldOf(said, i);
      totals.rounds += 1;
      totals.acknowledged += told.acknowledged.length;
      each.acknowledged += told.acknowledged.length;
      const failure = await judge(store, each, told).catch((error: unknown) => String(error));
      if (failure !== undefined) totals.failures.push(`seed ${seed}, life ${life}, store ${i}: ${failure}`);
      each.first = Math.max(each.first, told.begunTo);
    }
  }
  return totals;
}

/** A store that writers go on with one after the other. */
interface Written {
  readonly folder: string;
  /** The first commit of the next writer: one above the last that was begun. */
  first: number;
  /** Commits acknowledged by all its writers. */
  acknowledged: number;
}

function newStore(folder: string): Written {
  return { folder, first: 0, acknowledged: 0 };
}

interface Told {
  readonly acknowledged: readonly number[];
  /** One above the last commit that was begun; 0: none was. */
  readonly begunTo: number;
}

/** What a writer had said when it was ended. */
async function endedAfter(
  store: CrashStore,
  written: readonly Written[],
  lifeMs: number,
  ending: Ending,
): Promise<string> {
  const places = written.flatMap(({ folder, first }) => [folder, String(first)]);
  const args = [compiledProgram(WRITER), store.name, ...places];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await hasSaid(child, () => said.includes("ready"));
  await delay(lifeMs);
  await ending.end(child);
  return said;
}

/** What a writer had said of the nth store. */
function toldOf(said: string, nth: number): Told {
  const numbers = (letter: string) =>
    [...said.matchAll(new RegExp(`^${nth}${letter}(\\d+)\\n`, "gm"))].map(([, n]) => Number(n));
  return { acknowledged: numbers("a"), begunTo: Math.max(0, ...numbers("b").map((n) => n + 1)) };
}

/** Rejects when the writer ends before. What it says later, its last words too, is for its other listeners. */
async function hasSaid(child: ChildProcess, isSaid: () => boolean): Promise<void> {
  const giveUp = () => child.stdout?.destroy(new Error("the writer ended before it was ready"));
  child.once("exit", giveUp);
  try {
    while (!isSaid()) await once(child.stdout as NodeJS.ReadableStream, "data");
  } finally {
    child.off("exit", giveUp);
  }
}

/** What is wrong with the store that an ended process left. */
async function judge(store: CrashStore, written: Written, told: Told): Promise<string | undefined> {
  const backend = await crashStoreIn(written.folder, store);
  await backend.open(ctx);
  try {
    const keys = told.acknowledged.map((n) => `commit:${n}`);
    const { entries } = await backend.read(ctx, "", keys);
    const lost = told.acknowledged.filter((n, i) => !isCommit(entries[i]?.data, n));
    if (lost.length > 0) return `lost ${lost.length} acknowledged commits, first ${lost[0]}`;
    const { count } = await countOf(backend);
    const begun = Math.max(written.first, told.begunTo);
    if (count > begun) return `${count} commits found, ${begun} begun since the store was made`;
    const { acknowledged } = written;
    if (count < acknowledged)
      return `${count} commits found, ${acknowledged} acknowledged since the store was made`;
    return undefined;
  } finally {
    await backend.close(ctx);
  }
}

async function countOf(backend: Backend): Promise<{ count: number }> {
  const range = { start: "commit:", end: "commit;" };
  for await (const page of backend.scan(ctx, "", range, { want: "count" })) return page;
  return { count: 0 };
}

function isCommit(data: string | Uint8Array | undefined, n: number): boolean {
  // Backends of bytes give text back as bytes.
  return data !== undefined && (JSON.parse(Buffer.from(data).toString()) as { n: number }).n === n;
}
