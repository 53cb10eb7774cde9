export { describeReport } from "./anomaly-report.js";
export type { Anomaly, AnomalyName, AnomalyReport, CycleName } from "./anomaly-report.js";
export { checkGroups } from "./group-checker.js";
export type {
  Element,
  GroupOperation,
  HistoryTransaction,
  ListOperation,
  TransactionStatus,
} from "./history.js";
export { HistoryRecorder } from "./history-recorder.js";
export type { OpenRecord } from "./history-recorder.js";
export { checkListAppend } from "./list-append-checker.js";
