import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
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
/** A writer is killed at the latest so long after its first commit. */
const LONGEST_LIFE_MS = 60;

export interface KillTotals {
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
}

/** How a writer's life ends, and what must be done before its store is opened again. */
export interface Ending {
  /** The store is in it. */
  readonly folder: string;
  end(child: ChildProcess): Promise<void>;
}

/** Kills a writing process with SIGKILL again and again on one store. */
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
 * Ends a writing process again and again on one store, and opens it after each: every acknowledged commit must be there
 * whole, and nothing that was never begun.
 */
export async function tryEndings(
  { seed, rounds, until = Infinity, enough = 0, store = CRASH_STORES.file }: KillOptions,
  ending: Ending,
): Promise<KillTotals> {
  const totals: KillTotals = { rounds: 0, acknowledged: 0, failures: [] };
  const random = new SeededRandom(seed);
  let first = 0;
  const isWorthMore = (round: number) => round < rounds || totals.acknowledged < enough;
  for (let round = 0; isWorthMore(round) && performance.now() < until; round++) {
    const told = await endedAfter(store, first, random.below(LONGEST_LIFE_MS), ending);
    totals.rounds += 1;
    totals.acknowledged += told.acknowledged.length;
    const failure = await judge(store, ending.folder, told).catch((error: unknown) => String(error));
    if (failure !== undefined) totals.failures.push(`seed ${seed}, round ${round}: ${failure}`);
    first = told.begunTo;
  }
  return totals;
}

interface Told {
  readonly acknowledged: readonly number[];
  /** One above the last commit that was begun. */
  readonly begunTo: number;
  readonly first: number;
}

async function endedAfter(store: CrashStore, first: number, lifeMs: number, ending: Ending): Promise<Told> {
  const args = [compiledProgram(WRITER), store.name, ending.folder, String(first)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await hasSaid(child, () => said.includes("ready"));
  await delay(lifeMs);
  await ending.end(child);
  const numbers = (letter: string) =>
    [...said.matchAll(new RegExp(`^${letter}(\\d+)\\n`, "gm"))].map(([, n]) => Number(n));
  return { acknowledged: numbers("a"), begunTo: Math.max(first, ...numbers("b").map((n) => n + 1)), first };
}

async function hasSaid(child: ChildProcess, isSaid: () => boolean): Promise<void> {
  child.once("exit", () => child.stdout?.destroy(new Error("the writer ended before it was ready")));
  while (!isSaid()) await once(child.stdout as NodeJS.ReadableStream, "data");
}

/** What is wrong with the store that a killed process left. */
async function judge(
  store: CrashStore,
  folder: string,
  { acknowledged, begunTo, first }: Told,
): Promise<string | undefined> {
  const backend = await crashStoreIn(folder, store);
  await backend.open(ctx);
  try {
    const { entries } = await backend.read(
      ctx,
      "",
      acknowledged.map((n) => `commit:${n}`),
    );
    const lost = acknowledged.filter((n, i) => !isCommit(entries[i]?.data, n));
    if (lost.length > 0) return `lost ${lost.length} acknowledged commits, first ${lost[0]}`;
    const { count } = await countOf(backend);
    if (count > begunTo) return `${count} commits found, ${begunTo} begun since the store was made`;
    return first > 0 && count === 0 ? "nothing found" : undefined;
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
