import { expect } from "chai";
import { tryIoFaults } from "./io-faults.js";
import { PLAIN } from "./simulated-store.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`faults of the file system, seed ${SEED} (HOLDFAST_SEED)`, () => {
  it("any operation may fail in any way, once or for good: nothing acknowledged is lost, and the store heals", async () => {
    const totals = await tryIoFaults(SEED, { stride: 3 });
    expect(totals.failures).to.deep.equal([]);
    // How many operations there are depends on the seed; as few as 280 rounds were seen.
    expect(totals.rounds).to.be.above(200);
    expect(totals.refused).to.be.above(200);
  });

  it("the same of a directory", async () => {
    const totals = await tryIoFaults(SEED, { stride: 5, form: { ...PLAIN, backend: "directory" } });
    expect(totals.failures).to.deep.equal([]);
    expect(totals.rounds).to.be.above(200);
    expect(totals.refused).to.be.above(200);
  });
});
