import { expect } from "chai";
import { CRASH_STORES } from "./crash-store.js";
import { tryKills } from "./kill-rounds.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`kill -9, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const store of Object.values(CRASH_STORES)) {
    it(`${store.name}: a writer killed at any moment has lost no acknowledged commit, and its store opens at once`, async () => {
      const totals = await tryKills({
        seed: SEED,
        rounds: 9,
        stores: 3,
        enough: 21,
        until: performance.now() + 40_000,
        store,
      });
      expect(totals.failures).to.deep.equal([]);
      expect(totals.acknowledged).to.be.above(20);
    }).timeout(60_000);
  }
});
