import fc from "fast-check";
import type { LongRow } from "../support/long-row.js";
import { ALL_STORES, SERVED_STORES, type StoreKind } from "../support/stores.js";
import { powerCutRound } from "./power-cut-round.js";
import { anyCommands } from "./structure-commands.js";
import { StructureComparison } from "./structure-comparison.js";
import {
  concurrentRounds,
  killedServerRounds,
  killedWriterRounds,
  type RoundTotals,
} from "./structure-rounds.js";

const LONGEST_RUN = 60;
const CONCURRENT = 5;
const KILLS = 2;
const CUT_CHANCES = { file: 0.25, directory: 0.05 } as const;

type Part = "operations at once" | "kills" | "power cuts" | "commands compared";

/** A round is one run beside plain arrays, some of clients at once, and what can end each of them. */
class StructureRound {
  readonly counts = new Map<Part, number>();
  readonly details: string[] = [];
  readonly #kind: StoreKind;
  readonly #seed: number;

  constructor(kind: StoreKind, seed: number) {
    this.#kind = kind;
    this.#seed = seed;
  }

  async run(): Promise<void> {
    const [kind, seed] = [this.#kind, this.#seed];
    for (const openings of kind.shared ? [1, 2] : [1]) await this.#compare(openings);
    this.#add(await concurrentRounds({ kind, seed, rounds: CONCURRENT }), "operations at once");
    if (kind.persistent) this.#add(await killedWriterRounds({ kind, seed, rounds: KILLS }), "kills");
    const served = SERVED_STORES.find(({ name }) => name === kind.name);
    if (served !== undefined) this.#add(await killedServerRounds({ kind: served, seed, rounds: 1 }), "kills");
    if (kind.name === "file" || kind.name === "directory") await this.#cut(kind.name);
  }

  async #compare(openings: number): Promise<void> {
    const { persistent } = this.#kind;
    const store = await this.#kind.fresh();
    if (store === undefined) throw new Error(`${this.#kind.name} needs ${this.#kind.needs}`);
    const comparison = new StructureComparison({ settings: store.settings, persistent, openings });
    await comparison.open();
    const property = fc.asyncProperty(anyCommands(LONGEST_RUN), async (commands) => {
      await comparison.compare(commands);
      this.#count("commands compared", commands.length);
    });
    const result = await fc.check(property, { seed: this.#seed, numRuns: 3 });
    if (result.failed) this.details.push(`seed ${this.#seed}: ${String(result.errorInstance)}`);
    await comparison.close();
    await store.destroy();
  }

  async #cut(backend: "file" | "directory"): Promise<void> {
    const { cuts, failure } = await powerCutRound(backend, this.#seed, CUT_CHANCES[backend]);
    this.#count("power cuts", cuts);
    if (failure !== undefined) this.details.push(`seed ${this.#seed}: ${failure}`);
  }

  #add(totals: RoundTotals | undefined, part: "operations at once" | "kills"): void {
    if (totals === undefined) throw new Error(`${this.#kind.name} needs ${this.#kind.needs}`);
    if (part === "kills") this.#count("kills", totals.rounds);
    this.#count("operations at once", totals.told);
    this.details.push(...totals.failures);
  }

  #count(part: Part, count: number): void {
    this.counts.set(part, (this.counts.get(part) ?? 0) + count);
  }
}

function rowOf(kind: StoreKind): LongRow {
  return {
    id: `structures-${kind.name.replace(" ", "-")}`,
    title:
      "random calls of lists, hashes and counters, one by one, at once and through kills: what arrays, Maps and numbers do",
    fullRounds: 100,
    async run({ seed, rounds = Infinity, minutes = Infinity, log }) {
      const until = performance.now() + minutes * 60_000;
      const result = { rounds: 0, failures: 0 };
      const counts: Record<string, number> = {};
      const details: string[] = [];
      while (result.rounds < rounds && (result.rounds === 0 || performance.now() < until)) {
        const round = new StructureRound(kind, seed * 10_007 + result.rounds);
        await round.run();
        result.rounds += 1;
        if (round.details.length > 0) result.failures += 1;
        details.push(...round.details);
        for (const [part, count] of round.counts) counts[part] = (counts[part] ?? 0) + count;
        log(`round ${result.rounds}, ${result.failures} failures ${JSON.stringify(counts)}`);
      }
      return { ...result, counts, details };
    },
  };
}

export const rows: readonly LongRow[] = ALL_STORES.map(rowOf);
