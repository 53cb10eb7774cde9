import { StorageFault } from "../../core/errors.js";
import type { CancelTimer, Timers } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";
import { Turn } from "../files/turn.js";
import type { LocalCommit } from "../local/local-commit.js";
import type { SnapshotContent } from "./snapshot-writer.js";
import type { StoreLog } from "./store-log.js";

export interface CommitLogSetup {
  readonly log: StoreLog;
  readonly timers: Timers;
  /** Whether a commit waits for its frame; otherwise frames are written in the background. */
  readonly waits: boolean;
  /** Time between two background writes; undefined: only on `flush`, or when much is waiting. */
  readonly intervalMs: number | undefined;
  readonly warn: BackendSetup["warn"];
  readonly unsaved?: BackendSetup["unsaved"];
  /** A store up to this size is compacted when it is closed; 1 MiB unless given. */
  readonly cheapBytes?: number;
  /**
   * Called when everything applied so far is about to become a snapshot; what it returns is awaited once all of that is
   * durable in journals, before the snapshot that goes without them is written. A failure ends the compaction.
   */
  readonly beforeSnapshot?: () => () => Promise<void>;
}

/** Writes waiting for the background are written at once from here on. */
const MAX_PENDING_WRITES = 4096;
/** After a failed compaction the next is tried when the journals have grown by this factor. */
const RETRY_GROWTH = 1.5;
const CHEAP_BYTES = 1024 * 1024;

/**
 * Keeps the promises of a durability level over the files of a store: when a commit's frame is written and synced, what
 * happens after a failure, and when the journals become a snapshot.
 */
export class CommitLog {
  /** Everything that appends runs here, one at a time. */
  readonly turn = new Turn();
  readonly #setup: CommitLogSetup;
  readonly #log: StoreLog;
  #pending: LocalCommit[] = [];
  #pendingWrites = 0;
  #failure: StorageFault | undefined;
  #stopTimer: CancelTimer | undefined;
  /** Compactions, and what must not meet one, run here, one at a time. */
  readonly #files = new Turn();
  /** One that nobody asked for is under way, or waits for its turn. */
  #isCompacting = false;
  /** What runs beside appending, and wants the files to stay: the last part of a compaction, or somebody who reads them. */
  #beside: Promise<unknown> | undefined;
  #retryAtBytes = 0;

  constructor(setup: CommitLogSetup) {
    this.#setup = setup;
    this.#log = setup.log;
  }

  /**
   * Takes commits that are about to be applied; resolves when the durability level holds for them. To be called
   * within {@link turn}. When it rejects, they had no effect unless the fault's outcome is unknown.
   */
  async write(commits: readonly LocalCommit[]): Promise<void> {
    if (this.#setup.waits) await this.#append(commits);
    else await this.#postpone(commits);
    if (!this.#isCompacting && this.#isCompactionDue()) this.#compactInBackground();
  }

  /** Resolves when everything written so far is durable. Rejects once with what failed in the background before. */
  flush(): Promise<void> {
    return this.turn.run(async () => {
      await this.#reportFailure();
      await this.#makeDurable();
    });
  }

  /** Resolves when everything written so far is durable; what failed in the background before is not reported. */
  makeDurable(): Promise<void> {
    return this.turn.run(() => this.#makeDurable());
  }

  /** Makes a snapshot of everything, which then needs no journal. */
  compact(): Promise<void> {
    return this.#files.run(() => this.#compact());
  }

  /** Runs `work` with everything in the files, and while nothing replaces them. */
  withoutCompaction<T>(work: () => Promise<T>): Promise<T> {
    return this.#files.run(async () => {
      await this.turn.run(async () => {
        await this.#drain();
        // Begun within the turn, so that a renewal can tell that it has to wait.
        this.#beside = work();
      });
      return await this.#besideDone<T>();
    });
  }

  /** Makes everything durable and lets the files go; everything is attempted, the first failure reported. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    await this.#files.run(async () => undefined);
    try {
      await this.turn.run(() => this.#makeDurable());
      if (this.#log.journalBytes > 0 && this.#isCheap()) await this.#compactAtClose();
    } finally {
      await this.#log.close();
    }
  }

  async #append(commits: readonly LocalCommit[]): Promise<void> {
    if (this.#log.isInDoubt) await this.#renew();
    await this.#log.append(commits).catch((error: unknown) => this.#recover(error));
  }

  async #postpone(commits: readonly LocalCommit[]): Promise<void> {
    await this.#reportFailure();
    if (this.#pendingWrites >= MAX_PENDING_WRITES) await this.#drain();
    this.#pending.push(...commits);
    for (const { writes } of commits) this.#pendingWrites += writes.length;
    this.#armTimer();
  }

  #armTimer(): void {
    const { intervalMs, timers } = this.#setup;
    if (intervalMs === undefined || this.#stopTimer !== undefined) return;
    this.#stopTimer = timers.after(intervalMs, () => {
      this.#stopTimer = undefined;
      void this.turn.run(() => this.#makeDurable()).catch((error: unknown) => this.#keepFailure(error));
    });
  }

  #keepFailure(error: unknown): void {
    this.#setup.warn("a background write failed; the next write or flush is told", { error });
    this.#setup.unsaved?.(error);
    this.#failure = error as StorageFault;
  }

  /** Reports a failed background write once, having tried to make up for it. */
  async #reportFailure(): Promise<void> {
    const failure = this.#failure;
    if (failure === undefined) return;
    await this.#makeDurable();
    this.#failure = undefined;
    throw failure;
  }

  async #makeDurable(): Promise<void> {
    await this.#drain();
    await this.#log.sync().catch((error: unknown) => this.#recover(error));
  }

  /** Writes what is waiting, as one frame. */
  async #drain(): Promise<void> {
    if (this.#log.isInDoubt) await this.#renew();
    if (this.#pending.length === 0) return;
    await this.#log.append(this.#pending).catch((error: unknown) => this.#recover(error));
    this.#forgetPending();
  }

  #forgetPending(): void {
    this.#pending = [];
    this.#pendingWrites = 0;
  }

  /** After a failed write or sync: back to a state that can be relied on, if possible; then the failure. */
  async #recover(error: unknown): Promise<never> {
    const fault = error as StorageFault;
    if (!this.#log.isInDoubt) throw fault;
    try {
      await this.#renew();
    } catch {
      const { reason, message, cause } = fault;
      throw new StorageFault(reason, message, { outcome: "unknown", cause });
    }
    throw fault;
  }

  /** The new snapshot holds what was waiting too: it had been applied. */
  async #renew(): Promise<void> {
    await this.#beside?.catch(() => undefined);
    await this.#log.renew();
    this.#forgetPending();
  }

  #isCompactionDue(): boolean {
    return this.#log.isCompactionDue && this.#log.journalBytes >= this.#retryAtBytes;
  }

  #isCheap(): boolean {
    const { cheapBytes = CHEAP_BYTES } = this.#setup;
    return this.#log.journalBytes + this.#log.snapshotBytes <= cheapBytes;
  }

  #compactInBackground(): void {
    this.#isCompacting = true;
    // One that somebody asked for may have come first.
    const work = this.#files.run(async () => (this.#isCompactionDue() ? await this.#compact() : undefined));
    const ended = () => (this.#isCompacting = false);
    void work.then(ended, (error: unknown) => {
      ended();
      this.#retryAtBytes = this.#log.journalBytes * RETRY_GROWTH;
      this.#setup.warn("the journal could not be compacted; it goes on growing and is tried again", {
        error,
      });
    });
  }

  async #compactAtClose(): Promise<void> {
    await this.compact().catch((error: unknown) => {
      this.#setup.warn("the journal could not be compacted on closing; nothing is lost", { error });
    });
  }

  /** Only with the files' turn. */
  async #compact(): Promise<void> {
    await this.turn.run(async () => {
      await this.#drain();
      const prepare = this.#setup.beforeSnapshot?.();
      const content = await this.#log.rotate();
      // Begun within the turn, so that a renewal can tell that it has to wait.
      this.#beside = prepare === undefined ? this.#log.save(content) : this.#prepared(prepare, content);
    });
    await this.#besideDone();
    this.#retryAtBytes = 0;
  }

  async #besideDone<T>(): Promise<T> {
    try {
      return (await this.#beside) as T;
    } finally {
      this.#beside = undefined;
    }
  }

  async #prepared(prepare: () => Promise<void>, content: SnapshotContent): Promise<void> {
    await prepare();
    await this.#log.save(content);
  }
}
