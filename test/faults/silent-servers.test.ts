import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { SERVED_STORES } from "../support/stores.js";
import { tryQueue, trySilences } from "./silent-servers.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
/** Generous: how late a busy machine makes it says nothing; the long row measures. */
const LATE_MS = 2000;

describe(`a server that falls silent, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const { name, backend, served, needs } of SERVED_STORES) {
    it(`keeps no operation beyond its deadline on ${name}, and the store goes on when it speaks again`, async function () {
      const server = await served.start();
      if (server === undefined) return missing(this, needs ?? name);
      try {
        const options = { seed: SEED, operations: 36, lateMs: LATE_MS };
        const totals = await trySilences(served, server, backend, options);
        expect(totals.failures).to.deep.equal([]);
        expect(totals.timedOut + totals.unavailable).to.be.above(20);
        console.log(`        at most ${totals.worstMs.toFixed(1)} ms after the deadline`);
      } finally {
        await server.stop();
      }
    });

    it(`lets writes of one key wait together on ${name}, not one after the other`, async function () {
      const server = await served.start();
      if (server === undefined) return missing(this, needs ?? name);
      try {
        const { waited, failures } = await tryQueue(served, server, backend);
        expect(failures).to.deep.equal([]);
        // One after the other they would take twelve times as long as one.
        expect(waited).to.be.below(4);
        console.log(`        the last after ${waited.toFixed(2)} times operation_timeout`);
      } finally {
        await server.stop();
      }
    });
  }
});
