export { describeBackend } from "./backend-suite.js";
export { describeBackendModel, type FastCheckModule, type ModelOptions } from "./backend-model.js";
export {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
  type TestFunctions,
} from "./backend-suite/suite-harness.js";
export { describeStorage, type StorageHarness, type StorageTestFunctions } from "./storage-suite.js";
export { FakeRuntime } from "./fake-runtime.js";
export { FaultBackend, type FaultChances, type FaultCounts } from "./fault-backend.js";
export type { CallMoment, CallName, HeldCall } from "./faults/call-gates.js";
export {
  checkGroups,
  checkListAppend,
  describeReport,
  HistoryRecorder,
  type Anomaly,
  type AnomalyName,
  type AnomalyReport,
  type CycleName,
  type Element,
  type GroupOperation,
  type HistoryTransaction,
  type ListOperation,
  type OpenRecord,
  type TransactionStatus,
} from "./history/index.js";
