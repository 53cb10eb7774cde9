import { expect } from "chai";
import { CRASH_STORES } from "./crash-store.js";
import { tryPowerCuts, whyNot } from "./power-cuts.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`power cuts on real file systems, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const kind of ["ext4", "xfs"] as const) {
    const reason = whyNot(kind);
    const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
    for (const store of Object.values(CRASH_STORES)) {
      const title = `${store.name} on ${kind}: no acknowledged commit is lost${skipped}`;
      (reason === undefined ? it : it.skip)(title, async () => {
        const totals = await tryPowerCuts(kind, {
          seed: SEED,
          rounds: 4,
          enough: 11,
          until: performance.now() + 40_000,
          store,
        });
        expect(totals.failures).to.deep.equal([]);
        expect(totals.acknowledged).to.be.above(10);
      }).timeout(60_000);
    }
  }
});
