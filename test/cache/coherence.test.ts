import { expect } from "chai";
import type { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { LinkFaults } from "../support/shared-memory.js";
import { CoherenceRound, type RoundOutcome, type Trouble } from "./coherence-round.js";

const SEEDS = 60;

function slow(random: SeededRandom): LinkFaults {
  return { travelMs: () => (random.chance(0.05) ? random.below(3000) : random.below(60)) };
}

function deaf(random: SeededRandom): LinkFaults {
  return {
    ...slow(random),
    wakeDelayMs: () => (random.chance(0.5) ? Infinity : random.below(500)),
    wakesForNothing: () => random.chance(0.2),
  };
}

function forgetful(random: SeededRandom): LinkFaults {
  return { ...slow(random), losesLog: () => random.chance(0.1) };
}

function uncertain(random: SeededRandom): LinkFaults {
  const outcomes = ["refused", "applied", "not-applied"] as const;
  return { ...slow(random), commitFault: () => (random.chance(0.2) ? outcomes[random.below(3)] : undefined) };
}

function all(random: SeededRandom): LinkFaults {
  return { ...deaf(random), ...forgetful(random), ...uncertain(random) };
}

const TROUBLES: readonly [name: string, trouble: Trouble][] = [
  ["nothing wrong", {}],
  ["answers that take their time", { link: slow }],
  ["news lost, late and for nothing", { link: deaf }],
  ["a log that is lost", { link: forgetful }],
  ["commits of which nobody knows the outcome", { link: uncertain }],
  ["links that are cut", { link: slow, cuts: 0.02 }],
  ["a store that fails over and loses commits", { link: slow, failOvers: 0.01 }],
  ["all of it", { link: all, cuts: 0.01, failOvers: 0.005 }],
];

function total(outcomes: readonly RoundOutcome[], count: "hits" | "misses" | "invalidations"): number {
  return outcomes.reduce((sum, { stats }) => sum + stats.reduce((part, each) => part + each[count], 0), 0);
}

describe("caches of several processes", () => {
  for (const [name, trouble] of TROUBLES) {
    it(`stay within the bound, show a process its own writes, and end up true: ${name}`, async function () {
      this.timeout(60_000);
      const outcomes: RoundOutcome[] = [];
      for (let seed = 1; seed <= SEEDS; seed++) {
        const outcome = await new CoherenceRound(seed, trouble).run(2 + (seed % 2));
        expect(outcome.wrong, `seed ${seed}`).to.deep.equal([]);
        outcomes.push(outcome);
      }
      for (const count of ["hits", "misses", "invalidations"] as const) {
        expect(total(outcomes, count), count).to.be.greaterThan(SEEDS);
      }
    });
  }
});
