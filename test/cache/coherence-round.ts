import { BackendRegistry } from "../../src/backends/registry.js";
import { backgroundOn, type Context } from "../../src/core/context.js";
import { StorageError } from "../../src/core/errors.js";
import type { CacheStats } from "../../src/observability/cache-stats.js";
import { StoragePlugin } from "../../src/plugin/storage-plugin.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { SharedMemory, type LinkFaults, type SharedLink } from "../support/shared-memory.js";
import { ValueHistory } from "./value-history.js";

const MAX_STALENESS_MS = 1000;
const KEYS = ["a", "b", "c"];
const STEPS_OF_CLIENT = 60;
const CLIENTS_OF_PROCESS = 2;
const CHANGES = { count: 1_000_000, ageMs: 1_000_000_000 };

/** How often each kind of trouble comes, from 0 to 1. */
export interface Trouble {
  /** A link is cut for a while between two steps of the schedule. */
  readonly cuts?: number;
  /** The store fails over to a state of some commits ago. */
  readonly failOvers?: number;
  /** What happens to calls. */
  readonly link?: (random: SeededRandom) => LinkFaults;
}

export interface RoundOutcome {
  /** What no cache may do, in words. */
  readonly wrong: readonly string[];
  readonly stats: readonly CacheStats[];
  readonly failOvers: number;
  readonly failedCalls: number;
}

interface Process {
  readonly id: number;
  readonly store: StoragePlugin;
  readonly link: SharedLink;
}

/** Some processes that read and write the same few keys at random while links and store give trouble, on one seed. */
export class CoherenceRound {
  readonly #random: SeededRandom;
  readonly #runtime = new FakeRuntime();
  readonly #ctx: Context = backgroundOn(this.#runtime);
  readonly #shared: SharedMemory;
  readonly #history = new ValueHistory();
  readonly #trouble: Trouble;
  readonly #wrong: string[] = [];
  #processes: Process[] = [];
  #lastValue = 0;
  #running = 0;
  #failOvers = 0;
  #failedCalls = 0;

  constructor(seed: number, trouble: Trouble) {
    this.#random = new SeededRandom(seed);
    this.#trouble = trouble;
    const conditions = { runtime: this.#runtime, changes: CHANGES, sweepIntervalMs: 3_600_000 };
    this.#shared = new SharedMemory(suiteSetup(conditions));
    this.#shared.onCommit = (batch) => this.#history.record(batch, this.#now());
  }

  async run(processes: number): Promise<RoundOutcome> {
    this.#processes = await Promise.all(Array.from({ length: processes }, (_, id) => this.#start(id)));
    const clients = this.#processes.flatMap((process) =>
      Array.from({ length: CLIENTS_OF_PROCESS }, () => this.#client(process)),
    );
    while (this.#running > 0) await this.#pass();
    await Promise.all(clients);
    await this.#settle();
    const stats = await Promise.all(this.#processes.map(({ store }) => store.getCacheStats(this.#ctx)));
    for (const { store } of this.#processes) await store.stop(this.#ctx);
    await this.#shared.close();
    return { wrong: this.#wrong, stats, failOvers: this.#failOvers, failedCalls: this.#failedCalls };
  }

  async #start(id: number): Promise<Process> {
    const link = this.#shared.link(this.#trouble.link?.(this.#random));
    const store = new StoragePlugin({
      settings: { backend: "shared", cache: { max_staleness: MAX_STALENESS_MS } },
      backends: new BackendRegistry().with("shared", async () => () => link),
      runtime: this.#runtime,
    });
    await store.start(this.#ctx);
    return { id, store, link };
  }

  /** Lets a little time pass, with trouble in it. */
  async #pass(): Promise<void> {
    const { cuts = 0, failOvers = 0 } = this.#trouble;
    if (this.#random.chance(cuts)) {
      const { link } = this.#processes[this.#random.below(this.#processes.length)] as Process;
      link.isCut = true;
      this.#runtime.timers.after(this.#random.below(3 * MAX_STALENESS_MS), () => (link.isCut = false));
    }
    if (this.#random.chance(failOvers)) {
      this.#failOvers += 1;
      await this.#shared.failOver(1 + this.#random.below(5));
      this.#history.replace(this.#shared.committed, this.#now());
    }
    await this.#runtime.advance(this.#random.below(40));
  }

  async #client(process: Process): Promise<void> {
    this.#running += 1;
    for (let step = 0; step < STEPS_OF_CLIENT; step++) {
      await this.#wait(this.#random.chance(0.1) ? this.#random.below(2000) : this.#random.below(50));
      const key = KEYS[this.#random.below(KEYS.length)] as string;
      try {
        await this.#step(process, key);
      } catch (error) {
        if (!(error instanceof StorageError) || !error.retryable) throw error;
        this.#failedCalls += 1;
      }
    }
    this.#running -= 1;
  }

  async #step(process: Process, key: string): Promise<void> {
    const { store } = process;
    const choice = this.#random.uniform();
    if (choice < 0.7) return this.#read(process, key);
    const value = (this.#lastValue += 1);
    const failOvers = this.#failOvers;
    if (choice < 0.85) await store.set(this.#ctx, key, value);
    else {
      await store.transact(this.#ctx, async (tx) => {
        await tx.getOr(key, 0);
        await tx.set(key, value);
      });
    }
    if (failOvers === this.#failOvers) this.#history.wrote(process.id, key, value);
  }

  async #read({ id, store }: Process, key: string): Promise<void> {
    const sinceMs = this.#now() - MAX_STALENESS_MS;
    const floor = this.#history.floor(id, key);
    const failOvers = this.#failOvers;
    const value = await store.getOr<number, undefined>(this.#ctx, key, undefined);
    // Which history a call was answered from that was under way when another took over, nobody can tell.
    const known = failOvers === this.#failOvers ? floor : undefined;
    const wrong = this.#history.read(id, key, value, sinceMs, known);
    if (wrong !== undefined) this.#wrong.push(wrong);
  }

  /** All trouble ends; a bound later every cache answers what is there, and answers it itself. */
  async #settle(): Promise<void> {
    for (const { link } of this.#processes) link.faults = {};
    for (let i = 0; i < 100; i++) await this.#runtime.advance(MAX_STALENESS_MS / 10);
    for (const { link } of this.#processes) link.isCut = false;
    for (const { id, store } of this.#processes) {
      for (let i = 0; i < 2 * KEYS.length; i++)
        await this.#finalRead(id, store, KEYS[i % KEYS.length] as string);
      const { hits } = await store.getCacheStats(this.#ctx);
      for (const key of KEYS) await store.exists(this.#ctx, key);
      const more = (await store.getCacheStats(this.#ctx)).hits - hits;
      if (more !== KEYS.length)
        this.#wrong.push(`process ${id} answered ${more} of ${KEYS.length} keys itself`);
    }
  }

  async #finalRead(id: number, store: StoragePlugin, key: string): Promise<void> {
    const read = store.getOr(this.#ctx, key, undefined);
    for (let i = 0; i < 20; i++) await this.#runtime.advance(10);
    const value = await read;
    if (value !== this.#history.now(key))
      this.#wrong.push(`process ${id} keeps ${key} as ${String(value)} for good`);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#runtime.timers.after(ms, resolve));
  }

  #now(): number {
    return this.#runtime.clock.monotonic();
  }
}
