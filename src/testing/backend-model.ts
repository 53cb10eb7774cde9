import { CaseList } from "./backend-suite/case-list.js";
import type { SuiteHarness, TestFunctions } from "./backend-suite/suite-harness.js";
import { ModelRun } from "./backend-model/model-run.js";
import { modelSteps, type FastCheckFunctions, type ModelStep } from "./backend-model/model-steps.js";

export interface ModelOptions {
  /** Lives to try. Default 100. */
  readonly runs?: number;
  /** Tries the lives of an earlier run again; a failure prints its seed. */
  readonly seed?: number;
}

/**
 * The module fast-check, version 4, however it was imported. Its own types are not named here: who only runs the
 * contract suite need not have them.
 */
export interface FastCheckModule {
  readonly assert: (...parameters: never[]) => unknown;
  readonly asyncProperty: (...parameters: never[]) => unknown;
}

/**
 * Registers a model test of one backend: arbitrary commits, reads, scans, counts, jumps in time and, for persistent
 * ones, reopenings, with hostile keys, each answer compared to that of a sorted Map.
 *
 * @param fc the fast-check module, so that this package does not depend on it
 */
export function describeBackendModel(
  harness: SuiteHarness,
  test: TestFunctions,
  fc: FastCheckModule,
  { runs = 100, seed }: ModelOptions = {},
): void {
  const functions = fc as unknown as FastCheckFunctions;
  const list = new CaseList(harness, test);
  const steps = modelSteps(functions, { reopens: harness.capabilities.persistent, time: harness.time });
  const live = async (life: readonly ModelStep[]) => {
    await list.run(async (rig) => {
      await rig.backend.open(rig.ctx);
      await new ModelRun(rig, () => list.reopen(rig)).run(life);
    });
  };
  test.describe(`backend model: ${harness.name}`, () => {
    test.it(`agrees with a sorted Map in ${runs} arbitrary lives`, async () => {
      await functions.assert(
        functions.asyncProperty(steps, live),
        seed === undefined ? { numRuns: runs } : { numRuns: runs, seed },
      );
    });
  });
}
