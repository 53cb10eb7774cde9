import { expect } from "chai";
import { defaultBackends } from "../../src/index.js";
import { describeReport } from "../../src/testing/history/index.js";
import type { AttemptCounts } from "./recording-client.js";
import { runHistoryRound } from "./history-round.js";
import { HISTORY_SETTINGS } from "./history-store.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const CLIENTS = 64;
const OPERATIONS = 20_000;
const LOOKS = 4_000;

/** Shows that transactions met and faults happened; a quiet run proves nothing. */
function print(counts: AttemptCounts, injected: number): void {
  const { committed, conflicts, unknown, refused, rolledBack } = counts;
  console.log(
    `        ${committed} committed, ${conflicts} conflicts, ${rolledBack} rolled back, ` +
      `${unknown} unknown, ${refused} refused, ${injected} faults injected`,
  );
}

describe(`isolation by observed histories, seed ${SEED} (HOLDFAST_SEED)`, function () {
  this.timeout(60_000);

  for (const setting of HISTORY_SETTINGS) {
    describe(setting.name, () => {
      before(function () {
        if (!defaultBackends().has(setting.backend)) this.skip();
      });

      it(`${OPERATIONS} list operations by ${CLIENTS} clients show no anomaly`, async () => {
        const options = { seed: SEED, clients: CLIENTS, operations: OPERATIONS };
        const { report, counts, injected } = await runHistoryRound("list-append", setting, options);
        print(counts, injected);
        expect(report.valid, describeReport(report)).to.equal(true);
        expect(counts.conflicts, "transactions that met").to.be.above(100);
        expect(counts.committed).to.be.above(1000);
        if (setting.chances !== undefined) expect(injected).to.be.above(100);
      });

      it(`${LOOKS} transactions over ranges show no phantom`, async () => {
        const options = { seed: SEED, clients: CLIENTS, operations: LOOKS };
        const { report, counts, injected } = await runHistoryRound("phantoms", setting, options);
        print(counts, injected);
        expect(report.valid, describeReport(report)).to.equal(true);
        expect(counts.conflicts, "transactions that met").to.be.above(20);
        expect(counts.committed).to.be.above(500);
      });
    });
  }
});
