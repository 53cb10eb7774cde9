import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import {
  background,
  openStorage,
  StorageError,
  withTimeout,
  type Context,
  type StoragePlugin,
  type StorageSettings,
} from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { TcpProxy } from "../support/servers/tcp-proxy.js";
import type { ServedKind, StoreServer } from "../support/stores.js";

const ctx = background();
const DEADLINES_MS = [40, 100, 250, 600];
/** How long a call without a deadline of the caller's waits for the server. */
const OPERATION_TIMEOUT_MS = 800;
/** Operations under way at once in a round, unless the options say. */
const AT_ONCE = 14;
/** A write without a deadline may wait for one before it that writes the same keys, and then as long by itself. */
const LONGEST_QUEUE_MS = 2 * OPERATION_TIMEOUT_MS;
/** Writes of one key at once, without a deadline, and how long each alone would wait for the server. */
const QUEUED = 12;
const QUEUE_TIMEOUT_MS = 2000;
const HEALS_WITHIN_MS = 15_000;
/** A busy machine lets a process stand still; it is late by the ticks that it had. */
const TICK_MS = 5;

export interface SilenceOptions {
  readonly seed: number;
  /** Operations with a deadline that meet the silence. */
  readonly operations: number;
  readonly until?: number;
  /** Operations under way at once in a round; an even number. A round takes as long as the longest deadline. */
  readonly atOnce?: number;
  /** An operation that settles later than this after its deadline has failed. */
  readonly lateMs: number;
}

export interface SilenceTotals {
  /** With a deadline of the caller's. */
  operations: number;
  /** Without one, openings among them. */
  unlimited: number;
  /** Settled with an answer: what was asked before the silence began, or not over the network. */
  answered: number;
  timedOut: number;
  unavailable: number;
  /** The latest that an operation settled after its deadline. */
  worstMs: number;
  /** The same as far as this process ran after a bare timer for the same deadline: by its ticks, or by its processor time. */
  worstOwnMs: number;
  readonly failures: string[];
}

/** Ways in which a server says nothing more. */
type Silence = "stopped" | "black-holed" | "half-open, deaf" | "half-open, dumb";
const SILENCES: readonly Silence[] = ["stopped", "black-holed", "half-open, deaf", "half-open, dumb"];

/**
 * Silences a server again and again and asks it everything meanwhile: each operation must settle at its deadline, with
 * the code of its kind and a reason; and when the server speaks again the store must go on without being reopened.
 */
export async function trySilences(
  { settings }: ServedKind,
  server: StoreServer,
  backend: string,
  options: SilenceOptions,
): Promise<SilenceTotals> {
  const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  const all = { backend, ...settings(url), operation_timeout: OPERATION_TIMEOUT_MS, cache_size: 0 };
  await openOnce({ ...all, operation_timeout: "30s" });
  const rounds = new SilenceRounds(server, proxy, all, options);
  try {
    return await rounds.run();
  } finally {
    server.process?.signal("SIGCONT");
    await proxy.stop();
  }
}

/**
 * Lets many writes of one key, none of which has a deadline, wait for a server that has just fallen silent.
 *
 * @returns how long the last of them waited, as a multiple of `operation_timeout`, and each answer that was not what a
 * server that does not answer leads to.
 */
export async function tryQueue(
  { settings }: ServedKind,
  server: StoreServer,
  backend: string,
): Promise<{ readonly waited: number; readonly failures: readonly string[] }> {
  const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  const all = { backend, ...settings(url), cache_size: 0 };
  await openOnce({ ...all, operation_timeout: "30s" });
  const storage = await openStorage(
    { ...all, operation_timeout: QUEUE_TIMEOUT_MS },
    { warn: () => undefined },
  );
  try {
    proxy.blackhole();
    const began = performance.now();
    const writes = Array.from({ length: QUEUED }, (_, n) => storage.set(ctx, "a", n));
    const settled = await Promise.allSettled(writes);
    const waited = (performance.now() - began) / QUEUE_TIMEOUT_MS;
    return { waited, failures: settled.flatMap((each) => wrongAnswer(each) ?? []) };
  } finally {
    proxy.heal();
    await storage.stop();
    await proxy.stop();
  }
}

function wrongAnswer(settled: PromiseSettledResult<unknown>): string | undefined {
  if (settled.status === "fulfilled") return "it was written";
  const error: unknown = settled.reason;
  const isKnown =
    error instanceof StorageError && (error.reason === "timeout" || error.reason === "unavailable");
  return isKnown && error.code === 5002 ? undefined : inspect(error);
}

/** Makes the tables and loads the driver, which has nothing to do with deadlines. */
async function openOnce(settings: StorageSettings): Promise<void> {
  const storage = await openStorage(settings);
  await storage.stop();
}

/** Every operation is one of these; the code is that of its refusal. */
interface Operation {
  readonly name: string;
  readonly code: 5001 | 5002;
  run(storage: StoragePlugin, its: Context): Promise<unknown>;
}

const OPERATIONS: readonly Operation[] = [
  { name: "get", code: 5001, run: (storage, its) => storage.get(its, "a") },
  { name: "getBatch", code: 5001, run: (storage, its) => storage.getBatch(its, ["a", "b"]) },
  { name: "exists", code: 5001, run: (storage, its) => storage.exists(its, "a") },
  { name: "find", code: 5001, run: (storage, its) => storage.find(its, "*") },
  { name: "count", code: 5001, run: (storage, its) => storage.count(its, "a*") },
  { name: "listNamespaces", code: 5001, run: (storage, its) => storage.listNamespaces(its) },
  { name: "watch", code: 5001, run: (storage, its) => nextChange(storage, its) },
  { name: "set", code: 5002, run: (storage, its) => storage.set(its, "a", 1) },
  { name: "setBatch", code: 5002, run: (storage, its) => storage.setBatch(its, { a: 1, b: 2 }) },
  { name: "delete", code: 5002, run: (storage, its) => storage.delete(its, "b") },
  { name: "clear", code: 5002, run: (storage, its) => storage.namespace("other").clear(its) },
  { name: "transact", code: 5002, run: (storage, its) => storage.transact(its, (tx) => tx.set("a", 2)) },
];

/** A watch ends with its context alone, so it always has one that ends. */
async function nextChange(storage: StoragePlugin, its: Context): Promise<unknown> {
  const [limited] = withTimeout(its, OPERATION_TIMEOUT_MS);
  for await (const change of storage.watch(limited, "nothing")) return change;
  return undefined;
}

class SilenceRounds {
  readonly #server: StoreServer;
  readonly #proxy: TcpProxy;
  readonly #settings: StorageSettings;
  readonly #options: SilenceOptions;
  readonly #random: SeededRandom;
  #begun = 0;
  #ticks = 0;
  readonly #totals: SilenceTotals = {
    operations: 0,
    unlimited: 0,
    answered: 0,
    timedOut: 0,
    unavailable: 0,
    worstMs: 0,
    worstOwnMs: 0,
    failures: [],
  };

  constructor(server: StoreServer, proxy: TcpProxy, settings: StorageSettings, options: SilenceOptions) {
    this.#server = server;
    this.#proxy = proxy;
    this.#settings = settings;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<SilenceTotals> {
    const storage = await openStorage(this.#settings, { warn: () => undefined });
    const totals = this.#totals;
    const { operations, until = Infinity } = this.#options;
    const ticking = setInterval(() => (this.#ticks += 1), TICK_MS);
    try {
      await this.#untilHealed(storage, "not yet silent");
      for (let round = 0; totals.operations < operations && performance.now() < until; round++) {
        await this.#round(storage, SILENCES[round % SILENCES.length] as Silence);
      }
    } finally {
      clearInterval(ticking);
      await storage.stop();
    }
    return totals;
  }

  /** Half of the operations are under way when the silence begins, if the server does not answer at once. */
  async #round(storage: StoragePlugin, silence: Silence): Promise<void> {
    const half = (this.#options.atOnce ?? AT_ONCE) / 2;
    const early = this.#begin(storage, silence, half);
    this.#silence(silence);
    const late = this.#begin(storage, silence, half);
    const opening = this.#judgeOpening(silence);
    await Promise.all([...early, ...late, opening]);
    this.#server.process?.signal("SIGCONT");
    this.#proxy.heal();
    await this.#untilHealed(storage, silence);
  }

  #silence(silence: Silence): void {
    if (silence === "stopped") this.#server.process?.signal("SIGSTOP");
    else if (silence === "black-holed") this.#proxy.blackhole();
    else this.#proxy.hold(silence === "half-open, deaf" ? "requests" : "answers");
  }

  #begin(storage: StoragePlugin, silence: Silence, count: number): Promise<void>[] {
    return Array.from({ length: count }, () => {
      const operation = OPERATIONS[this.#begun++ % OPERATIONS.length] as Operation;
      const what = `${operation.name} on a ${silence} server`;
      // One in five leaves it to the configuration.
      const deadlineMs = this.#random.chance(0.8)
        ? (DEADLINES_MS[this.#random.below(DEADLINES_MS.length)] as number)
        : undefined;
      return this.#judge(what, operation.code, deadlineMs, (its) => operation.run(storage, its));
    });
  }

  #judgeOpening(silence: Silence): Promise<void> {
    return this.#judge(`opening at a ${silence} server`, 5001, undefined, () => openOnce(this.#settings));
  }

  async #judge(
    what: string,
    code: 5001 | 5002,
    deadlineMs: number | undefined,
    run: (its: Context) => Promise<unknown>,
  ): Promise<void> {
    const its = deadlineMs === undefined ? ctx : withTimeout(ctx, deadlineMs)[0];
    const dueMs = deadlineMs ?? LONGEST_QUEUE_MS;
    const began = performance.now();
    const bare = delay(dueMs).then(() => this.#ran());
    const error: unknown = await run(its).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const lateMs = performance.now() - began - dueMs;
    const settledAt = this.#ran();
    this.#count(what, code, error);
    this.#totals[deadlineMs === undefined ? "unlimited" : "operations"] += 1;
    if (lateMs <= 0) return;
    const dueAt = await bare;
    const ranMs = Math.max((settledAt.ticks - dueAt.ticks + 1) * TICK_MS, settledAt.cpuMs - dueAt.cpuMs);
    this.#judgeLateness(`${what}, due in ${dueMs} ms`, lateMs, Math.min(lateMs, Math.max(0, ranMs)));
  }

  /** Work that holds up the event loop has no ticks, and waiting takes no processor. */
  #ran(): { readonly ticks: number; readonly cpuMs: number } {
    const { user, system } = process.cpuUsage();
    return { ticks: this.#ticks, cpuMs: (user + system) / 1000 };
  }

  #judgeLateness(what: string, lateMs: number, ranMs: number): void {
    const totals = this.#totals;
    totals.worstMs = Math.max(totals.worstMs, lateMs);
    totals.worstOwnMs = Math.max(totals.worstOwnMs, ranMs);
    if (ranMs <= this.#options.lateMs) return;
    totals.failures.push(
      `${what}: settled ${lateMs.toFixed(1)} ms late, of which this process ran ${ranMs.toFixed(0)} ms`,
    );
  }

  #count(what: string, code: 5001 | 5002, error: unknown): void {
    const totals = this.#totals;
    if (error === undefined) totals.answered += 1;
    else if (!(error instanceof StorageError) || error.code !== code)
      totals.failures.push(`${what}: ${inspect(error)}`);
    else if (error.reason === "timeout") totals.timedOut += 1;
    else if (error.reason === "unavailable") totals.unavailable += 1;
    else totals.failures.push(`${what}: ${error.reason}, ${error.message}`);
  }

  async #untilHealed(storage: StoragePlugin, state: string): Promise<void> {
    for (const giveUpAt = performance.now() + HEALS_WITHIN_MS; ; await delay(20)) {
      try {
        await storage.setBatch(ctx, { a: 1, b: 2 });
        await storage.get(ctx, "a");
        return;
      } catch (error) {
        if (performance.now() < giveUpAt) continue;
        throw new Error(`the store does not go on after its server was ${state}`, { cause: error });
      }
    }
  }
}
