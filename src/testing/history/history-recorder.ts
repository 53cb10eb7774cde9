import type { HistoryTransaction, TransactionStatus } from "./history.js";

/** A transaction whose end is not known yet. */
export interface OpenRecord<O> {
  /** Notes an operation; for reads, after the answer arrived. */
  add(operation: O): void;
  /** Notes the end. Call it in the same tick in which the client learned it. */
  finish(status: TransactionStatus): void;
}

/**
 * Collects the history of clients that share a process. Its clock is a counter: every start and end gets a number
 * of its own, so that real-time order is exact and never tied.
 */
export class HistoryRecorder<O> {
  readonly #finished: HistoryTransaction<O>[] = [];
  #tick = 0;

  /** Notes the start of a transaction. Call it before its first call is sent. */
  begin(process: number): OpenRecord<O> {
    const start = ++this.#tick;
    const operations: O[] = [];
    return {
      add: (operation) => void operations.push(operation),
      finish: (status) => void this.#finished.push({ process, start, end: ++this.#tick, status, operations }),
    };
  }

  /** The transactions finished so far, in the order they finished. */
  get history(): readonly HistoryTransaction<O>[] {
    return this.#finished;
  }
}
