import { background } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { SimulatedFileSystem, type Fault, type FaultPlan } from "../../src/testing/simulated-file-system.js";
import type { Backend } from "../../src/backends/backend.js";
import type { Wrap } from "./crash-states.js";
import { isKill } from "./is-kill.js";
import { stateOf } from "./crash-model.js";
import { CrashWorkload } from "./crash-workload.js";
import { SeededRandom } from "./seeded-random.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();

export const FAULTS: readonly Fault[] = ["kill", "torn", "EIO", "ENOSPC", "short"];

export interface FaultTotals {
  rounds: number;
  /** Calls that were refused because of the fault. */
  refused: number;
  readonly failures: string[];
}

export interface IoFaultOptions {
  readonly wrap?: Wrap;
  /** Every operation is made to fail unless given; of so many one otherwise. */
  readonly stride?: number;
  readonly form?: StoreForm;
  /** Goes to no further operation after this many failures. */
  readonly maxFailures?: number;
}

const CALLS = 14;

/**
 * Plays one workload again and again, each time with one fault at one operation of the file system, once or from there
 * on: opening, commits, a compaction, closing, opening again. Whatever happens, nothing is acknowledged that is not
 * kept, errors have a reason of a storage fault, what was there stays, and once the fault is over the store goes on.
 */
export async function tryIoFaults(
  seed: number,
  { wrap, stride = 1, form = PLAIN, maxFailures = Infinity }: IoFaultOptions = {},
): Promise<FaultTotals> {
  const totals: FaultTotals = { rounds: 0, refused: 0, failures: [] };
  const operations = await countOperations(seed, form, wrap);
  for (let at = 0; at < operations; at += stride) {
    for (const fault of FAULTS) {
      for (const sticky of [false, true])
        await new FaultRound(seed, { at, fault, sticky }, form, wrap, totals).run();
    }
    if (totals.failures.length >= maxFailures) break;
  }
  return totals;
}

async function countOperations(seed: number, form: StoreForm, wrap: Wrap | undefined): Promise<number> {
  const fs = new SimulatedFileSystem();
  const totals: FaultTotals = { rounds: 0, refused: 0, failures: [] };
  const round = new FaultRound(seed, { at: Infinity, fault: "EIO", sticky: false }, form, wrap, totals);
  await round.play(fs);
  return fs.operations;
}

interface PlannedFault {
  /** The operation of the file system that fails. */
  readonly at: number;
  readonly fault: Fault;
  /** All operations after it fail too. */
  readonly sticky: boolean;
}

class FaultRound {
  readonly #label: string;
  readonly #plan: FaultPlan;
  readonly #form: StoreForm;
  readonly #wrap: Wrap | undefined;
  readonly #totals: FaultTotals;
  readonly #random: SeededRandom;
  readonly #workload: CrashWorkload;
  #hasHappened = false;
  /** What a power cut right after the call that met the fault leaves, and what may be found there. */
  #early: { readonly fs: SimulatedFileSystem; readonly allowed: readonly string[] } | undefined;

  constructor(
    seed: number,
    { at, fault, sticky }: PlannedFault,
    form: StoreForm,
    wrap: Wrap | undefined,
    totals: FaultTotals,
  ) {
    this.#label = `seed ${seed}, ${fault} ${sticky ? "from" : "at"} operation ${at}`;
    this.#plan = ({ index }) => {
      if (index !== at && !(sticky && index > at)) return undefined;
      this.#hasHappened = true;
      return fault;
    };
    this.#form = form;
    this.#wrap = wrap;
    this.#totals = totals;
    this.#random = new SeededRandom(seed);
    this.#workload = new CrashWorkload(this.#random);
  }

  async run(): Promise<void> {
    this.#totals.rounds += 1;
    const fs = new SimulatedFileSystem();
    fs.faults = this.#plan;
    const store = await this.play(fs);
    fs.faults = () => undefined;
    if (store !== undefined && !fs.isKilled) await this.#goOn(store);
    const coin = new SeededRandom(fs.operations);
    const allowed = this.#workload.allowed();
    if (this.#early !== undefined)
      await this.#judge(this.#early.fs, this.#early.allowed, "after an early power cut");
    await this.#judge(fs.afterKill(), allowed, "after a kill");
    await this.#judge(
      fs.powerCut(() => coin.chance(0.5)),
      allowed,
      "after a power cut",
    );
  }

  /** The workload; ends early when the process is killed. What is open at the end. */
  async play(fs: SimulatedFileSystem): Promise<Backend | undefined> {
    let store = await this.#open(fs);
    let killed = false;
    for (let call = 0; call < CALLS && store !== undefined && !killed; call++) {
      killed = await this.#attempt(() => this.#workload.commit(store as Backend));
      if (this.#hasHappened)
        this.#early ??= { fs: fs.powerCut(() => false), allowed: this.#workload.allowed() };
      if (call === 5 && !killed) killed = await this.#attempt(async () => store?.extensions.compact?.(ctx));
      if (call !== 9 || killed) continue;
      killed = await this.#attempt(() => (store as Backend).close(ctx));
      store = killed ? store : await this.#open(fs);
    }
    return store;
  }

  async #open(fs: SimulatedFileSystem): Promise<Backend | undefined> {
    const store = simulatedStore(this.#wrap?.(fs) ?? fs, this.#form);
    let isOpen = false;
    await this.#attempt(async () => {
      await store.open(ctx);
      isOpen = true;
      if (!this.#workload.settle(await stateOf(store))) this.#fail("opened to what was never acknowledged");
    });
    return isOpen ? store : undefined;
  }

  /** Makes a call that may fail, with a storage fault only; true when the process was killed in it. */
  async #attempt(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return false;
    } catch (error) {
      this.#totals.refused += 1;
      if (isKill(error)) return true;
      if (!(error instanceof StorageFault)) this.#fail(`an error that is no storage fault: ${String(error)}`);
      return false;
    }
  }

  /** The fault is over: the store says what was acknowledged, and takes the next commit without being reopened. */
  async #goOn(store: Backend): Promise<void> {
    await this.#expectState(store, this.#workload.allowed(), "while open");
    const before = this.#workload.acknowledged;
    const killed = await this.#attempt(() => this.#workload.commit(store));
    if (killed || this.#workload.acknowledged === before) {
      await this.#attempt(() => this.#workload.commit(store));
      if (this.#workload.acknowledged === before) this.#fail("the store does not heal");
    }
  }

  async #judge(fs: SimulatedFileSystem, allowed: readonly string[], when: string): Promise<void> {
    const store = simulatedStore(this.#wrap?.(fs) ?? fs, this.#form);
    try {
      await store.open(ctx);
      await this.#expectState(store, allowed, when);
      await store.close(ctx);
    } catch (error) {
      this.#fail(`${when}: ${String(error)}`);
    }
  }

  async #expectState(store: Backend, allowed: readonly string[], when: string): Promise<void> {
    if (!allowed.includes(await stateOf(store))) this.#fail(`${when}: not what was acknowledged`);
  }

  #fail(what: string): void {
    this.#totals.failures.push(`${this.#label}: ${what}`);
  }
}
