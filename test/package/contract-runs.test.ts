import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../architecture/source-tree.js";

interface ContractRuns {
  backendsWithoutContract(backends: readonly string[], suites: Readonly<Record<string, number>>): string[];
}

interface Totals {
  readonly suites: Readonly<Record<string, number>>;
  readonly passed: number;
  readonly skipped: number;
}

/** Three suites: one passes, one is left out whole, one holds nothing. */
const SPEC = `
describe("backend contract: one", () => { it("a", () => {}); describe("b", () => it("c", () => {})); });
describe("backend contract: two", () => { before(function () { this.skip(); }); it("a", () => {}); });
describe("backend contract: three", () => {});
`;

describe("the gate of backend contracts", () => {
  let gate: ContractRuns;

  before(async () => {
    gate = (await import(pathToFileURL(join(ROOT, "scripts/contract-runs.mjs")).href)) as ContractRuns;
  });

  it("names the backends of which no contract suite passed a test", () => {
    const suites = { "backend contract: one": 400, "backend contract: two": 0, "a store over three": 100 };
    expect(gate.backendsWithoutContract(["one", "two", "three"], suites)).to.deep.equal(["two", "three"]);
  });

  it("takes a suite of one form of a backend for the backend's, and not for another whose name it begins", () => {
    const suites = { "backend contract: sqlite, in memory": 1 };
    expect(gate.backendsWithoutContract(["sql", "sqlite"], suites)).to.deep.equal(["sql"]);
  });

  it("wants both suites of redis, neither of which stands for the other", () => {
    const [single, cluster] = ["backend contract: redis", "backend contract: redis cluster"] as const;
    const without = (suites: Readonly<Record<string, number>>) =>
      gate.backendsWithoutContract(["redis", "memory"], { "backend contract: memory": 1, ...suites });
    expect(without({ [single]: 1, [cluster]: 1 })).to.deep.equal([]);
    expect(without({ [single]: 1, [cluster]: 0 })).to.deep.equal(["redis cluster"]);
    expect(without({ [cluster]: 1 })).to.deep.equal(["redis"]);
    expect(without({ "backend contract: redis, by a socket": 1, [cluster]: 1 })).to.deep.equal([]);
    expect(without({})).to.deep.equal(["redis", "redis cluster"]);
  });

  it("sees suites that were left out in what the reporter of a run writes", () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-gate-"));
    try {
      const [spec, totals] = [join(folder, "spec.cjs"), join(folder, "totals.json")];
      writeFileSync(spec, SPEC);
      const reporter = ["--reporter", join(ROOT, "test/support/totals-reporter.cjs")];
      const options = ["--no-config", "--no-package", "--reporter-option", `totals=${totals}`];
      const mocha = join(ROOT, "node_modules/mocha/bin/mocha.js");
      execFileSync(process.execPath, [mocha, ...reporter, ...options, spec]);
      const { suites, passed, skipped } = JSON.parse(readFileSync(totals, "utf8")) as Totals;
      expect({ suites, passed, skipped }).to.deep.equal({
        suites: { "backend contract: one": 2 },
        passed: 2,
        skipped: 1,
      });
      expect(gate.backendsWithoutContract(["one", "two", "three"], suites)).to.deep.equal(["two", "three"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
