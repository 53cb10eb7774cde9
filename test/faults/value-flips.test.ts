import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { STORES } from "../support/stores.js";
import { canBeFlipped, tryValueFlips } from "./value-flips.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const FLIPS = 300;

describe(`a bit flipped in what a database holds, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const kind of STORES.filter(canBeFlipped)) {
    it(`is answered with 5003 on ${kind.name}, never with another value`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      try {
        const totals = await tryValueFlips(kind, store, { seed: SEED, flips: FLIPS });
        expect(totals.failures).to.deep.equal([]);
        expect(totals.reported).to.equal(totals.flips);
      } finally {
        await store.destroy();
      }
    });
  }
});
