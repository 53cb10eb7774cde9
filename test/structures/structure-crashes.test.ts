import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { ALL_STORES, SERVED_STORES } from "../support/stores.js";
import { HISTORY_SETTINGS } from "../history/history-store.js";
import { powerCutRound } from "./power-cut-round.js";
import {
  concurrentRounds,
  faultyRounds,
  killedServerRounds,
  killedWriterRounds,
  type RoundTotals,
} from "./structure-rounds.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`lists, hashes and counters under many hands and through crashes, seed ${SEED} (HOLDFAST_SEED)`, function () {
  this.timeout(180_000);

  for (const kind of ALL_STORES) {
    const whose = kind.shared ? "clients of two openings" : "clients";
    it(`${kind.name}: some order explains what ${whose} were told`, async function () {
      const totals = await concurrentRounds({ kind, seed: SEED, rounds: kind.backend === "memory" ? 40 : 4 });
      if (totals === undefined) return missing(this, kind.needs ?? kind.name);
      expectWhole(totals);
    });
  }

  for (const setting of HISTORY_SETTINGS.filter(({ chances }) => chances !== undefined)) {
    it(`${setting.name}: so it does where answers are late, or lost`, async () => {
      const totals = await faultyRounds(setting, {
        seed: SEED,
        rounds: setting.backend === "memory" ? 15 : 3,
      });
      expectWhole(totals);
    });
  }

  for (const kind of ALL_STORES.filter(({ persistent }) => persistent)) {
    it(`${kind.name}: what a killed writer was told is there, and the rest wholly or not at all`, async function () {
      const totals = await killedWriterRounds({ kind, seed: SEED, rounds: 2 });
      if (totals === undefined) return missing(this, kind.needs ?? kind.name);
      expectWhole(totals);
    });
  }

  for (const kind of SERVED_STORES) {
    it(`${kind.name}: so is it when its server is killed and started again`, async function () {
      const totals = await killedServerRounds({ kind, seed: SEED, rounds: 1 });
      if (totals === undefined) return missing(this, kind.needs ?? kind.name);
      expectWhole(totals);
    });
  }

  for (const [backend, chance] of [
    ["file", 0.25],
    ["directory", 0.05],
  ] as const) {
    it(`${backend}: so is it when the power is cut, on a simulated disk`, async () => {
      let cuts = 0;
      for (let round = 0; round < 3; round++) {
        const { cuts: judged, failure } = await powerCutRound(backend, SEED * 31 + round, chance);
        expect(failure ?? "", `seed ${SEED * 31 + round}`).to.equal("");
        cuts += judged;
      }
      expect(cuts).to.be.above(10);
    });
  }
});

function expectWhole({ failures, told }: RoundTotals): void {
  expect(failures.join("\n")).to.equal("");
  expect(told).to.be.above(0);
}
