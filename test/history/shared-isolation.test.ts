import { expect } from "chai";
import { describeReport } from "../../src/testing/history/index.js";
import { missing } from "../support/fixtures.js";
import { SHARED_STORES } from "../support/stores.js";
import { runHistoryOn } from "./history-round.js";
import { openSharedHistoryStore, openTroubledCluster } from "./shared-history-store.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const CLIENTS = 32;
const OPERATIONS = { "list-append": 1500, phantoms: 400 } as const;

describe(`isolation on stores that several share, seed ${SEED} (HOLDFAST_SEED)`, function () {
  this.timeout(180_000);

  const histories = [
    ...SHARED_STORES.map((kind) => ({
      name: kind.name,
      needs: kind.needs ?? kind.name,
      trouble: kind.served === undefined ? "" : " while its server is killed, stopped and cut off",
      open: () => openSharedHistoryStore(kind, SEED),
    })),
    {
      name: "redis cluster",
      needs: "redis-server",
      trouble: " while its masters are killed, stopped and cut off",
      open: () => openTroubledCluster(SEED),
    },
  ];

  for (const { name, needs, trouble, open } of histories) {
    for (const workload of ["list-append", "phantoms"] as const) {
      it(`${workload} over ${name}${trouble}: no anomaly`, async function () {
        const store = await open();
        if (store === undefined) return missing(this, needs);
        const options = { seed: SEED, clients: CLIENTS, operations: OPERATIONS[workload] };
        const { report, counts, injected } = await runHistoryOn(store, workload, options);
        const { committed, conflicts, unknown, refused } = counts;
        console.log(
          `        ${committed} committed, ${conflicts} conflicts, ${unknown} unknown, ${refused} refused, ${injected} troubles`,
        );
        expect(report.valid, describeReport(report)).to.equal(true);
        expect(conflicts, "transactions that met").to.be.above(5);
        expect(committed).to.be.above(50);
        if (trouble !== "") expect(injected).to.be.above(0);
      });
    }
  }
});
