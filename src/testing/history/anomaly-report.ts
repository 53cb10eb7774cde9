/**
 * What a history can show that strict serializability forbids. The names are Adya's and Elle's; `-realtime` marks
 * a cycle that exists only because transactions that had ended come before those that had not begun.
 */
export type AnomalyName =
  | "internal"
  | "duplicate-element"
  | "unwritten-element"
  | "incompatible-order"
  | "G1a"
  | "G1b"
  | "lost-update"
  | "phantom"
  | CycleName
  | `${CycleName}-realtime`;

/** G0: writes only; G1c: writes and reads; G-single: one anti-dependency; G2: several. */
export type CycleName = "G0" | "G1c" | "G-single" | "G2";

export interface Anomaly {
  readonly name: AnomalyName;
  /** What is wrong, in words, then each transaction involved with its operations, a line each. */
  readonly description: string;
  /** Where the transactions involved stand in the history. */
  readonly transactions: readonly number[];
}

export interface AnomalyReport {
  /** No anomaly was found. */
  readonly valid: boolean;
  /** How many of each name were found; cycles count once per strongly connected component. */
  readonly counts: ReadonlyMap<AnomalyName, number>;
  /** The first few of each name. */
  readonly anomalies: readonly Anomaly[];
  /** What was looked at: a report over nothing is valid too. */
  readonly transactions: { readonly committed: number; readonly aborted: number; readonly unknown: number };
  /** Operations of the transactions that committed, or must have. */
  readonly operations: number;
}

/** The report in words: one line when it is valid, else counts and examples. */
export function describeReport(report: AnomalyReport): string {
  const { committed, aborted, unknown } = report.transactions;
  const totals = `${report.operations} operations in ${committed} committed transactions, ${aborted} aborted, ${unknown} unknown`;
  if (report.valid) return `no anomaly in ${totals}`;
  const counts = Array.from(report.counts, ([name, count]) => `${count} × ${name}`).join(", ");
  const examples = report.anomalies.map((anomaly) => `${anomaly.name}: ${anomaly.description}`);
  return [`${counts} in ${totals}`, ...examples].join("\n\n");
}
