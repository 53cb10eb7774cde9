import type { BackendFactory } from "../../src/backends/backend.js";
import { suiteSetup, type SuiteHarness } from "../../src/testing/backend-suite/suite-harness.js";

/** The contract suite on a backend that keeps its data in memory: the memory backend, or a wrapper of it. */
export function memoryHarness(factory: BackendFactory, name = "memory"): SuiteHarness {
  return {
    name,
    time: "fake",
    capabilities: {
      persistent: false,
      shared: false,
      groupCommit: false,
      compact: false,
      verify: false,
      flush: false,
      files: false,
      reportsExpired: true,
    },
    create: async (conditions) => factory(suiteSetup(conditions)),
  };
}
