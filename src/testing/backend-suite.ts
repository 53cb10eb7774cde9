import { CaseList } from "./backend-suite/case-list.js";
import { capabilityCases } from "./backend-suite/capability-cases.js";
import { changeCases } from "./backend-suite/change-cases.js";
import { commitCases } from "./backend-suite/commit-cases.js";
import { concurrencyCases } from "./backend-suite/concurrency-cases.js";
import { expiryCases } from "./backend-suite/expiry-cases.js";
import { namespaceCases } from "./backend-suite/namespace-cases.js";
import { payloadCases } from "./backend-suite/payload-cases.js";
import { readCases } from "./backend-suite/read-cases.js";
import { scanCases } from "./backend-suite/scan-cases.js";
import { sharedCases } from "./backend-suite/shared-cases.js";
import type { SuiteHarness, TestFunctions } from "./backend-suite/suite-harness.js";
import { traitCases } from "./backend-suite/trait-cases.js";

const TOPICS = [
  traitCases,
  capabilityCases,
  readCases,
  scanCases,
  commitCases,
  expiryCases,
  changeCases,
  namespaceCases,
  concurrencyCases,
  payloadCases,
  sharedCases,
];

/**
 * Registers the backend contract suite for one backend: every rule of backend.ts as a named case, each on a store of
 * its own and followed by a check that all calls agree about it. What is not declared is expected to be absent.
 *
 * @param test the functions of the test runner, so that this package needs none
 */
export function describeBackend(harness: SuiteHarness, test: TestFunctions): void {
  test.describe(`backend contract: ${harness.name}`, () => {
    const list = new CaseList(harness, test);
    for (const topic of TOPICS) topic(list);
    list.finish();
  });
}
