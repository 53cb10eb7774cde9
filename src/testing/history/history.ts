/** How a transaction ended, as its client saw it. `unknown`: the commit failed but may have taken effect. */
export type TransactionStatus = "committed" | "aborted" | "unknown";

/** What is appended to a list. Appending the same element to one key twice is a mistake of the workload. */
export type Element = string | number;

export type ListOperation =
  | { readonly kind: "append"; readonly key: string; readonly element: Element }
  | { readonly kind: "read"; readonly key: string; readonly elements: readonly Element[] };

/** Groups only grow. `observe`: a query over the whole group answered exactly these members. */
export type GroupOperation =
  | { readonly kind: "insert"; readonly group: string; readonly member: Element }
  | { readonly kind: "observe"; readonly group: string; readonly members: readonly Element[] };

/** One transaction as its client saw it. Retries of one piece of work are transactions of their own. */
export interface HistoryTransaction<O> {
  /** The client; used in reports only, real time says more than the order within one client. */
  readonly process: number;
  /** When its first call was sent, on any clock that all transactions of the history share. */
  readonly start: number;
  /** When its last answer arrived, on the same clock. Not used when the status is `unknown`. */
  readonly end: number;
  readonly status: TransactionStatus;
  /** In the order they were carried out. */
  readonly operations: readonly O[];
}
