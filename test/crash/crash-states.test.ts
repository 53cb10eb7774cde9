import { expect } from "chai";
import { tryCrashStates } from "./crash-states.js";
import { PLAIN } from "./simulated-store.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

/** Seeded bugs of the museum show themselves within 100 states; the long form tries as many as one waits for. */
describe(`power cuts on a simulated disk, seed ${SEED} (HOLDFAST_SEED)`, () => {
  it("2000 states, half of them during recovery: exactly the promised commits", async () => {
    const totals = await tryCrashStates({ seed: SEED, states: 2000 });
    expect(totals.failures).to.deep.equal([]);
    expect(totals.secondCrashes).to.be.above(400);
  });

  for (const durability of ["process", "interval", "none"] as const) {
    it(`500 states with durability ${durability}: a prefix, with everything that was flushed`, async () => {
      const totals = await tryCrashStates({ seed: SEED, states: 500, form: { ...PLAIN, durability } });
      expect(totals.failures).to.deep.equal([]);
    });
  }

  for (const durability of ["power", "process", "interval"] as const) {
    it(`500 states of a directory with durability ${durability}`, async () => {
      const form = { ...PLAIN, backend: "directory", durability } as const;
      const totals = await tryCrashStates({ seed: SEED, states: 500, form });
      expect(totals.failures).to.deep.equal([]);
    });
  }

  it("500 states of compressed snapshots", async () => {
    const totals = await tryCrashStates({ seed: SEED, states: 500, form: { ...PLAIN, compression: "gzip" } });
    expect(totals.failures).to.deep.equal([]);
  });
});
