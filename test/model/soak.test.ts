import { expect } from "chai";
import { defaultBackends } from "../../src/index.js";
import { lowestOf, slopeOf, soakHeap } from "./soak-run.js";

/** So few operations still show the store settling; the full form allows 0.01 over ten million. */
const MOST_BYTES_PER_OPERATION = 8;
const PLAN = { operations: 120_000, samples: 24, seed: 1, leakEvery: 0 };

describe("soak", function () {
  this.timeout(120_000);

  for (const backend of ["memory", "file"] as const) {
    it(`the heap does not grow with the operations on ${backend}`, async function () {
      if (!defaultBackends().has(backend)) this.skip();
      const { slope } = await soakHeap({ ...PLAN, backend });
      console.log(`        ${slope.toFixed(3)} bytes per operation`);
      expect(slope).to.be.below(MOST_BYTES_PER_OPERATION);
    });
  }

  it("finds a leak of one object in 20 operations", async () => {
    const { slope } = await soakHeap({ ...PLAN, operations: 40_000, backend: "memory", leakEvery: 20 });
    expect(slope).to.be.above(MOST_BYTES_PER_OPERATION);
  });

  it("takes the lowest sample of each stretch", () => {
    const samples = [5, 3, 9, 2, 8, 7, 6].map((heapBytes, i) => ({ operations: i, heapBytes }));
    expect(lowestOf(samples, 3).map(({ operations }) => operations)).to.deep.equal([1, 3, 6]);
    expect(lowestOf(samples, 20)).to.deep.equal(samples);
  });

  it("takes the middle of all slopes", () => {
    const samples = [0, 10, 20, 1000, 40].map((heapBytes, i) => ({ operations: i * 10, heapBytes }));
    expect(slopeOf(samples)).to.equal(1);
  });
});
