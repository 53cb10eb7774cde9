import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry } from "../../core/range-digest.js";
import type { KeyRange } from "../../core/range.js";
import type {
  Backend,
  BackendExtensions,
  BackendFactory,
  BackendInfo,
  BackendSetup,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
} from "../backend.js";
import { limitFault } from "../local/batch-limits.js";
import { ChangeSignal } from "../local/change-signal.js";
import { Lifecycle } from "../local/lifecycle.js";
import { changesAfter } from "../local/local-changes.js";
import type { LocalCommit } from "../local/local-commit.js";
import { namePages, scanPages } from "../local/local-scan.js";
import { LocalStore } from "../local/local-store.js";
import { hasRanges, prepareRanges } from "../local/prepare-ranges.js";
import { Sweeper } from "../local/sweeper.js";
import { tellExpired } from "../local/tell-expired.js";

const MIB = 1024 * 1024;

const INFO: BackendInfo = {
  name: "memory",
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
  limits: { maxValueBytes: 64 * MIB, maxBatchEntries: 100_000, maxBatchBytes: 256 * MIB },
  durability: "none",
  entryHash: hashEntry,
};

/** Expired entries removed in one turn of the event loop. */
const SWEEP_ENTRIES = 1024;

/** Keeps everything in this process and forgets it on `close`. Option `maxBytes`: most bytes held; 0: unbounded. */
export const memoryBackend: BackendFactory = (setup) => new MemoryBackend(setup);

class MemoryBackend implements Backend {
  readonly info = INFO;
  readonly extensions: BackendExtensions = {};
  readonly #setup: BackendSetup;
  readonly #maxBytes: number;
  readonly #lifecycle = new Lifecycle();
  readonly #signal: ChangeSignal;
  readonly #sweeper: Sweeper;
  #store: LocalStore;

  constructor(setup: BackendSetup) {
    this.#setup = setup;
    this.#maxBytes = maxBytesOf(setup);
    this.#signal = new ChangeSignal(setup.runtime.timers, this.#lifecycle);
    this.#store = new LocalStore(setup);
    this.#sweeper = new Sweeper({
      runtime: setup.runtime,
      intervalMs: setup.sweepIntervalMs,
      isHurried: () => this.#signal.hasWaiters,
      sweep: () => this.#sweep(),
      warn: setup.warn,
    });
  }

  async open(ctx: Context): Promise<void> {
    await this.#lifecycle.open(ctx, async () => this.#sweeper.start());
  }

  async close(_ctx: Context): Promise<void> {
    await this.#lifecycle.close(
      () => this.#signal.notifyAll(),
      async () => {
        await this.#sweeper.stop();
        this.#store = new LocalStore(this.#setup);
      },
    );
  }

  async read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
  ): Promise<ReadResult<W>> {
    this.#lifecycle.check(ctx);
    return this.#store.read(namespace, keys) as ReadResult<W>;
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>> {
    return scanPages(this.#engine(), ctx, namespace, range, options);
  }

  // Not an async function: its frame on the heap would be a large part of what a commit allocates.
  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    try {
      this.#lifecycle.checkOpen();
      return hasRanges(batches) ? this.#commitPrepared(batches) : Promise.resolve(this.#commitAll(batches));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    return this.#lifecycle.run(ctx, () => changesAfter(this.#engine(), ctx, namespace, after, options));
  }

  namespaces(ctx: Context): AsyncIterable<readonly string[]> {
    return namePages(this.#engine(), ctx);
  }

  #engine() {
    const { clock } = this.#setup.runtime;
    return { lifecycle: this.#lifecycle, store: this.#store, signal: this.#signal, clock };
  }

  #commitPrepared(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#lifecycle.track(async () => {
      await prepareRanges(this.#store, batches);
      return this.#commitAll(batches);
    });
  }

  #commitAll(batches: readonly Batch[]): readonly CommitResult[] {
    return batches.length === 1
      ? [this.#commit(batches[0] as Batch)]
      : batches.map((batch) => this.#commit(batch));
  }

  #commit(batch: Batch): CommitResult {
    const fault = batch.ctx.err() ?? limitFault(batch, INFO.limits);
    if (fault !== undefined) return { status: "fault", fault };
    const now = this.#store.now();
    const conflicts = this.#store.validate(batch, now);
    if (conflicts.length > 0) return { status: "conflict", now, conflicts };
    if (batch.writes.length === 0) {
      return {
        status: "committed",
        position: this.#store.position(batch.namespace),
        now,
        replaced: [],
        removed: 0,
      };
    }
    const commit = this.#store.resolve(batch, now);
    // What has expired must not keep out what is new; with it gone, the commit is another one.
    if (!this.#hasRoomFor(commit))
      return this.#sweep() ? this.#commit(batch) : { status: "fault", fault: this.#full(commit) };
    return this.#carryOut(commit);
  }

  #carryOut(commit: LocalCommit): CommitResult {
    const { replaced, removed } = this.#store.apply(commit);
    this.#signal.notify(commit.namespace);
    return { status: "committed", position: commit.position, now: commit.now, replaced, removed };
  }

  #hasRoomFor(commit: LocalCommit): boolean {
    if (this.#maxBytes <= 0) return true;
    const grown = this.#store.bytes + this.#store.growth(commit);
    return grown <= this.#maxBytes || grown <= this.#store.bytes;
  }

  #full({ namespace }: LocalCommit): StorageFault {
    return new StorageFault(
      "no-space",
      `the store would grow over its limit of ${this.#maxBytes} bytes; delete something or raise memory.max_bytes`,
      { namespace },
    );
  }

  #sweep(): boolean {
    const sweep = this.#store.sweep(this.#store.now(), SWEEP_ENTRIES);
    if (sweep === undefined) return false;
    const { commit, expired } = sweep;
    this.#store.apply(commit);
    this.#signal.notify(commit.namespace);
    tellExpired(this.#setup.expired, commit.namespace, expired);
    return true;
  }
}

function maxBytesOf({ options }: BackendSetup): number {
  const { maxBytes = 0 } = options as { readonly maxBytes?: unknown };
  if (typeof maxBytes === "number" && Number.isSafeInteger(maxBytes) && maxBytes >= 0) return maxBytes;
  throw new TypeError(`maxBytes of the memory backend must be a whole number of bytes, at least 0`);
}
