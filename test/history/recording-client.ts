import { StorageError, type Storage, type Transaction } from "../../src/index.js";
import type { HistoryRecorder, OpenRecord, TransactionStatus } from "../../src/testing/history/index.js";
import { background } from "../../src/core/context.js";

/** What came of the attempts, to show that transactions really met. */
export interface AttemptCounts {
  committed: number;
  /** Attempts that lost against another commit, and were tried again or given up. */
  conflicts: number;
  /** Attempts that failed with an outcome nobody knows. */
  unknown: number;
  /** Attempts refused by an injected fault. */
  refused: number;
  rolledBack: number;
}

export function noAttempts(): AttemptCounts {
  return { committed: 0, conflicts: 0, unknown: 0, refused: 0, rolledBack: 0 };
}

/** Thrown by work that changes its mind. */
export class ChangedMind extends Error {
  override readonly name = "ChangedMind";
}

export type RecordedWork<O> = (tx: Transaction, record: OpenRecord<O>) => Promise<void>;

const REFUSALS: ReadonlySet<string> = new Set(["unavailable", "timeout", "busy"]);

/** One client of a store, whose every attempt at a transaction becomes a transaction of the history. */
export class RecordingClient<O> {
  readonly #store: Storage;
  readonly #recorder: HistoryRecorder<O>;
  readonly #process: number;
  readonly #counts: AttemptCounts;

  constructor(store: Storage, recorder: HistoryRecorder<O>, process: number, counts: AttemptCounts) {
    this.#store = store;
    this.#recorder = recorder;
    this.#process = process;
    this.#counts = counts;
  }

  /** The work in `transact`: each run of the callback is an attempt, and a later run says that the one before lost. */
  async transact(work: RecordedWork<O>): Promise<void> {
    let attempt: OpenRecord<O> | undefined;
    const run = this.#store.transact(background(), (tx) => {
      if (attempt !== undefined) this.#finish(attempt, "aborted", "conflicts");
      attempt = this.#recorder.begin(this.#process);
      return work(tx, attempt);
    });
    await this.#settle(run, () => attempt);
  }

  /** The work between `beginTransaction` and `commit`. */
  async commit(work: RecordedWork<O>): Promise<void> {
    const attempt = this.#recorder.begin(this.#process);
    const run = this.#store.beginTransaction(background()).then(async (tx) => {
      try {
        await work(tx, attempt);
        await tx.commit();
      } finally {
        await tx.rollback();
      }
    });
    await this.#settle(run, () => attempt);
  }

  /** One call outside a transaction, which is a transaction of its own. */
  async single(call: (store: Storage) => Promise<O>): Promise<void> {
    const attempt = this.#recorder.begin(this.#process);
    const run = call(this.#store).then((operation) => attempt.add(operation));
    await this.#settle(run, () => attempt);
  }

  async #settle(run: Promise<void>, attempt: () => OpenRecord<O> | undefined): Promise<void> {
    try {
      await run;
      this.#finish(attempt(), "committed", "committed");
    } catch (error) {
      const kind = kindOf(error);
      this.#finish(attempt(), kind === "unknown" ? "unknown" : "aborted", kind);
    }
  }

  #finish(attempt: OpenRecord<O> | undefined, status: TransactionStatus, count: keyof AttemptCounts): void {
    attempt?.finish(status);
    this.#counts[count] += 1;
  }
}

/** @throws the error itself when no workload should meet it. */
function kindOf(error: unknown): keyof AttemptCounts {
  if (error instanceof ChangedMind) return "rolledBack";
  if (!(error instanceof StorageError)) throw error;
  if (error.outcome === "unknown") return "unknown";
  if (error.reason === "conflict") return "conflicts";
  if (REFUSALS.has(error.reason)) return "refused";
  throw error;
}
