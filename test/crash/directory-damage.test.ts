import { expect } from "chai";
import { tryDirectoryDamage } from "./directory-damage.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = 400;

describe(`a damaged file of a directory, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const [damage, what] of [
    ["flip", "a flipped bit"],
    ["cut", "a cut"],
  ] as const) {
    it(`${what} costs a key or the opening, and is told; the rest is right`, async () => {
      const totals = await tryDirectoryDamage(damage, { seed: SEED, rounds: ROUNDS });
      expect(totals.failures).to.deep.equal([]);
      expect(totals.reported).to.be.above(ROUNDS / 10);
    });
  }
});
