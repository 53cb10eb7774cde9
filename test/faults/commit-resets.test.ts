import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { SERVED_STORES } from "../support/stores.js";
import { tryCommitResets } from "./commit-resets.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const RESETS = 20;

describe(`a connection reset inside a commit, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const { name, backend, served, needs } of SERVED_STORES) {
    it(`applies nothing twice and loses nothing acknowledged on ${name}`, async function () {
      const server = await served.shared();
      if (server === undefined) return missing(this, needs ?? name);
      const totals = await tryCommitResets(served, server, backend, { seed: SEED, resets: RESETS });
      expect(totals.failures).to.deep.equal([]);
      expect(totals.acknowledged).to.be.above(RESETS);
    });
  }
});
