import { setImmediate as nextTurn } from "node:timers/promises";
import { background } from "../../src/core/context.js";
import type { FileSystem } from "../../src/core/file-system.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import type { Backend } from "../../src/backends/backend.js";
import { stateOf } from "./crash-model.js";
import { CrashWorkload } from "./crash-workload.js";
import { SeededRandom } from "./seeded-random.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();

/** Something between a store and the simulated disk; a seeded bug in a museum. */
export type Wrap = (fs: FileSystem) => FileSystem;

export interface CrashOptions {
  readonly seed: number;
  /** Crash states to try. */
  readonly states: number;
  readonly form?: StoreForm;
  readonly wrap?: Wrap;
  /** Stop after this many failures. */
  readonly maxFailures?: number;
  /** Milliseconds on the process's clock at which to stop. */
  readonly until?: number;
}

export interface CrashTotals {
  states: number;
  /** States met in the middle of a recovery from another one. */
  secondCrashes: number;
  /** Longest history that a state was taken from. */
  operations: number;
  readonly failures: string[];
}

/** A disk after a power cut, and what must be found on it. */
interface Cut {
  readonly fs: SimulatedFileSystem;
  readonly atLeast: number;
  /** The same, should the power be cut before it is open. */
  readonly afterPowerCut: number;
  readonly atMost: number;
  readonly label: string;
}

const CALLS_PER_RUN = 24;
const KEPT_CHANCES = [0, 0.1, 0.5, 0.9, 1];

/**
 * Runs workloads on a simulated disk, cuts the power at every operation, opens what is left, and cuts it once more
 * while it is being opened. What is recovered must be exactly the promised commits, perhaps with the ones under way.
 */
export async function tryCrashStates(options: CrashOptions): Promise<CrashTotals> {
  const totals: CrashTotals = { states: 0, secondCrashes: 0, operations: 0, failures: [] };
  for (let run = 0; !isDone(options, totals); run++) {
    const random = new SeededRandom(options.seed * 1_000_003 + run);
    await new CrashRun(options, random, totals, `seed ${options.seed}, run ${run}`).run();
    // Nothing here waits for anything real, so others would never run.
    await nextTurn();
  }
  return totals;
}

function isDone({ states, maxFailures = 10, until = Infinity }: CrashOptions, totals: CrashTotals): boolean {
  return totals.states >= states || totals.failures.length >= maxFailures || performance.now() >= until;
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #form: StoreForm;
  readonly #random: SeededRandom;
  readonly #totals: CrashTotals;
  readonly #label: string;
  readonly #workload: CrashWorkload;
  readonly #fs = new SimulatedFileSystem();
  #cuts: Cut[] = [];

  constructor(options: CrashOptions, random: SeededRandom, totals: CrashTotals, label: string) {
    this.#options = options;
    this.#form = options.form ?? PLAIN;
    this.#random = random;
    this.#totals = totals;
    this.#label = label;
    this.#workload = new CrashWorkload(random);
  }

  async run(): Promise<void> {
    this.#fs.faults = ({ index }) => {
      this.#cuts.push(this.#cut(index));
      return undefined;
    };
    let store = this.#store(this.#fs);
    await store.open(ctx);
    for (let call = 0; call < CALLS_PER_RUN && !isDone(this.#options, this.#totals); call++) {
      store = await this.#step(store);
      await this.#judgeCuts();
    }
    await store.close(ctx);
    await this.#judgeCuts();
    this.#totals.operations = Math.max(this.#totals.operations, this.#fs.operations);
  }

  /** One call, and what it promised; now and then a compaction, a flush, or another process. */
  async #step(store: Backend): Promise<Backend> {
    const workload = this.#workload;
    await workload.commit(store);
    if (this.#form.durability === "power") workload.promised = workload.acknowledged;
    if (this.#random.chance(0.1)) {
      await store.extensions.flush?.(ctx);
      workload.promised = workload.acknowledged;
    }
    if (this.#random.chance(0.08)) await store.extensions.compact?.(ctx);
    if (!this.#random.chance(0.08)) return store;
    await store.close(ctx);
    workload.promised = workload.acknowledged;
    const next = this.#store(this.#fs);
    await next.open(ctx);
    return next;
  }

  #store(fs: FileSystem): Backend {
    return simulatedStore(this.#options.wrap?.(fs) ?? fs, this.#form);
  }

  /** What a power cut leaves, or now and then what a killed process does. */
  #cut(operation: number): Cut {
    const { promised, acknowledged, begun } = this.#workload;
    const killed = this.#random.chance(0.2);
    const heldByWriting = this.#form.durability === "power" || this.#form.durability === "process";
    return {
      fs: killed ? this.#fs.afterKill() : this.#fs.powerCut(this.#coin()),
      atLeast: killed && heldByWriting ? acknowledged : promised,
      afterPowerCut: promised,
      atMost: begun,
      label: `${this.#label}, ${killed ? "kill" : "cut"} before operation ${operation}`,
    };
  }

  #coin(): () => boolean {
    const kept = this.#random.pick(KEPT_CHANCES);
    return () => this.#random.chance(kept);
  }

  async #judgeCuts(): Promise<void> {
    const cuts = this.#cuts;
    this.#cuts = [];
    for (const cut of cuts) if (!isDone(this.#options, this.#totals)) await this.#judge(cut);
  }

  /** Opens what a cut left, with a second cut at some operation of that. */
  async #judge(cut: Cut): Promise<void> {
    const at = this.#random.below(40);
    // Set once the store is open: from then on the state found must stay.
    const held: { state?: number } = {};
    let second: Cut | undefined;
    cut.fs.faults = ({ index }) => {
      if (index !== at) return undefined;
      const [atLeast, atMost] =
        held.state === undefined ? [cut.afterPowerCut, cut.atMost] : [held.state, held.state];
      const fs = cut.fs.powerCut(this.#coin());
      second = { fs, atLeast, afterPowerCut: atLeast, atMost, label: `${cut.label}, then before ${index}` };
      return undefined;
    };
    const store = this.#store(cut.fs);
    const found = await this.#recover(store, cut);
    if (found === undefined) return;
    held.state = found;
    await store.close(ctx);
    if (second === undefined) return;
    this.#totals.secondCrashes += 1;
    await this.#recover(this.#store(second.fs), second);
  }

  /** Opens a store after a cut; the number of the state found, undefined when that is a failure. */
  async #recover(store: Backend, { atLeast, atMost, label }: Cut): Promise<number | undefined> {
    this.#totals.states += 1;
    try {
      await store.open(ctx);
    } catch (error) {
      this.#totals.failures.push(`${label}: opening failed: ${String(error)}`);
      return undefined;
    }
    const found = this.#workload.states.lastIndexOf(await stateOf(store));
    if (found >= atLeast && found <= atMost) return found;
    const what = found === -1 ? "a state that never was" : `state ${found}`;
    this.#totals.failures.push(`${label}: found ${what}, expected ${atLeast} to ${atMost}`);
    return undefined;
  }
}
