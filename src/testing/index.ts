export { describeBackend } from "./backend-suite.js";
export { describeBackendModel, type ModelOptions } from "./backend-model.js";
export {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
  type TestFunctions,
} from "./backend-suite/suite-harness.js";
export { FakeRuntime } from "./fake-runtime.js";
