import { expect } from "chai";
import fc from "fast-check";
import type { SuiteHarness } from "../../src/testing/backend-suite/suite-harness.js";
import { describeBackendModel } from "../../src/testing/backend-model.js";
import { describeBackend } from "../../src/testing/backend-suite.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { memoryHarness } from "../support/memory-harness.js";
import { sharedMemoryHarness } from "../support/shared-memory-harness.js";
import { BROKEN_BACKENDS } from "./broken-backends.js";
import { BROKEN_SHARED_BACKENDS } from "./broken-shared-backends.js";

type Cases = Map<string, () => Promise<void>>;

/** The cases that a suite registers, without running them. */
function casesOf(harness: SuiteHarness): Cases {
  const cases: Cases = new Map();
  describeBackend(harness, {
    describe: (_title, body) => body(),
    it: (title, body) => cases.set(title, body),
  });
  return cases;
}

async function fails(cases: Cases, title: string): Promise<boolean> {
  const body = cases.get(title);
  if (body === undefined) throw new Error(`the suite holds no case ${JSON.stringify(title)}`);
  try {
    await body();
    return false;
  } catch {
    return true;
  }
}

async function modelFails(harness: SuiteHarness): Promise<boolean> {
  const cases: Cases = new Map();
  const test = { describe: (_title: string, body: () => void) => body(), it: cases.set.bind(cases) };
  describeBackendModel(harness, test, fc, { runs: 300, seed: 1 });
  for (const title of cases.keys()) if (await fails(cases, title)) return true;
  return false;
}

describe("describeBackend", () => {
  it("holds hundreds of cases", () => {
    expect(casesOf(memoryHarness(memoryBackend)).size).to.be.greaterThan(400);
  });

  it("fails when its cases were registered but not run", async () => {
    const cases = casesOf(memoryHarness(memoryBackend));
    const last = [...cases.keys()].at(-1) as string;
    expect(last).to.match(/^ran all of its \d+ cases$/);
    expect(await fails(cases, last)).to.equal(true);
  });

  it("fails a backend that declares other capabilities than expected", async () => {
    const harness = memoryHarness(memoryBackend);
    const cases = casesOf({ ...harness, capabilities: { ...harness.capabilities, verify: true } });
    expect(await fails(cases, "are what the harness expects")).to.equal(true);
    expect(await fails(cases, "verify is there, as declared")).to.equal(true);
  });

  for (const { bug, factory, caughtBy, modelFindsIt } of BROKEN_BACKENDS) {
    describe(`on a backend where ${bug}`, () => {
      for (const title of caughtBy) {
        it(`fails the case "${title}"`, async () => {
          expect(await fails(casesOf(memoryHarness(factory)), title)).to.equal(true);
          expect(await fails(casesOf(memoryHarness(memoryBackend)), title)).to.equal(false);
        });
      }

      if (modelFindsIt) {
        it("fails the model test", async () => {
          expect(await modelFails(memoryHarness(factory))).to.equal(true);
        });
      }
    });
  }

  for (const { bug, wrap, caughtBy } of BROKEN_SHARED_BACKENDS) {
    describe(`on instances of a store where ${bug}`, () => {
      for (const title of caughtBy) {
        it(`fails the case "${title}"`, async () => {
          expect(await fails(casesOf(sharedMemoryHarness(wrap)), title)).to.equal(true);
        });
      }
    });
  }
});

describeBackend(sharedMemoryHarness(), { describe, it });
