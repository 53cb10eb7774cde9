import { expect } from "chai";
import { tryDirectoryDamage } from "./directory-damage.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
/** One of so many places is damaged. */
const STRIDES = { flip: 199, cut: 29 };

describe(`a damaged file of a directory, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const [damage, what] of [
    ["flip", "a flipped bit"],
    ["cut", "a cut"],
  ] as const) {
    it(`${what} costs a key or the opening, and is told; the rest is right`, async () => {
      const totals = await tryDirectoryDamage(damage, { seed: SEED, stride: STRIDES[damage] });
      expect(totals.failures).to.deep.equal([]);
      expect(totals.rounds).to.be.above(200);
      expect(totals.reported).to.be.above(totals.rounds / 10);
    });
  }
});
