import { expect } from "chai";
import type { Backend } from "../../src/backends/backend.js";
import type { AnomalyName } from "../../src/testing/history/index.js";
import { runHistoryRound, type Workload } from "../history/history-round.js";
import type { HistorySetting } from "../history/history-store.js";
import {
  acknowledgingEarly,
  altering,
  countingRanges,
  hidingConflicts,
  lagging,
  resending,
  writingConflicts,
} from "./broken-backends.js";

/** A bug as it was seen or might have been made, and the test that must find it. */
interface Exhibit {
  readonly bug: string;
  readonly workload: Workload;
  /** One of these must be reported. */
  readonly foundAs: readonly AnomalyName[];
  readonly broken: (inner: Backend) => Backend;
}

const EXHIBITS: readonly Exhibit[] = [
  {
    bug: "checks nothing: the last writer wins",
    workload: "list-append",
    foundAs: ["lost-update"],
    broken: (inner) => altering(inner, (batch) => ({ ...batch, checks: [], ranges: [] })),
  },
  {
    bug: "skips the checks of keys that are only read",
    workload: "list-append",
    foundAs: ["G2", "G-single"],
    broken: (inner) =>
      altering(inner, (batch) => {
        const written = new Set(batch.writes.map((write) => "key" in write && write.key));
        return { ...batch, checks: batch.checks.filter(({ key }) => written.has(key)) };
      }),
  },
  {
    bug: "skips the checks of absent keys",
    workload: "list-append",
    foundAs: ["lost-update"],
    broken: (inner) =>
      altering(inner, (batch) => ({
        ...batch,
        checks: batch.checks.filter(({ version }) => version !== null),
      })),
  },
  {
    bug: "skips the checks of transactions that only read",
    workload: "list-append",
    foundAs: ["G-single", "G2", "G-single-realtime"],
    broken: (inner) =>
      altering(inner, (batch) => (batch.writes.length > 0 ? batch : { ...batch, checks: [], ranges: [] })),
  },
  {
    bug: "skips the checks of ranges",
    workload: "phantoms",
    foundAs: ["phantom"],
    broken: (inner) => altering(inner, (batch) => ({ ...batch, ranges: [] })),
  },
  {
    bug: "checks a range by its count",
    workload: "list-append",
    foundAs: ["lost-update"],
    broken: countingRanges,
  },
  {
    bug: "acknowledges before it commits",
    workload: "list-append",
    foundAs: ["lost-update", "G-single-realtime"],
    broken: acknowledgingEarly,
  },
  {
    bug: "applies the first write of a batch alone",
    workload: "list-append",
    foundAs: ["lost-update", "G0"],
    broken: (inner) => altering(inner, (batch) => ({ ...batch, writes: batch.writes.slice(0, 1) })),
  },
  {
    bug: "writes what it refuses",
    workload: "list-append",
    foundAs: ["G1a"],
    broken: writingConflicts,
  },
  {
    bug: "takes a conflict for a success",
    workload: "list-append",
    foundAs: ["lost-update"],
    broken: hidingConflicts,
  },
  {
    bug: "sends a commit again when its answer is lost",
    workload: "list-append",
    foundAs: ["G1a"],
    broken: resending,
  },
  {
    bug: "answers reads from a replica that lags",
    workload: "list-append",
    foundAs: ["G-single-realtime", "G-single"],
    broken: lagging,
  },
];

const SETTING: HistorySetting = { name: "museum", backend: "memory", cache: false };

describe("bug museum: isolation", () => {
  for (const { bug, workload, foundAs, broken } of EXHIBITS) {
    it(`the ${workload} history finds a backend that ${bug}`, async () => {
      const options = { seed: 1, clients: 32, operations: workload === "list-append" ? 5000 : 2000 };
      const { report } = await runHistoryRound(workload, SETTING, options, broken);
      expect([...report.counts.keys()]).to.include.oneOf([...foundAs]);
    });
  }
});
