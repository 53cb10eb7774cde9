import { expect } from "chai";
import { missing } from "../../support/fixtures.js";
import { STORES } from "../../support/stores.js";
import { tryBackups } from "./backup-rounds.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`backups under writers, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const kind of STORES) {
    it(`of ${kind.name} restore every namespace to exactly one of its commits`, async function () {
      const totals = await tryBackups(kind, { seed: SEED, rounds: 3, until: performance.now() + 15_000 });
      if (totals === undefined) return missing(this, kind.needs ?? kind.name);
      expect(totals.failures).to.deep.equal([]);
      expect(totals.rounds).to.be.above(0);
      expect(totals.commits).to.be.above(10);
    }).timeout(120_000);
  }
});
