import { background, type Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry } from "../../core/range-digest.js";
import type { KeyRange } from "../../core/range.js";
import { VersionSource } from "../../core/version.js";
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
  VerifyReport,
  Want,
} from "../backend.js";
import { Breather } from "../files/breather.js";
import { ChangeSignal } from "../local/change-signal.js";
import { Lifecycle } from "../local/lifecycle.js";
import { Sweeper } from "../local/sweeper.js";
import { tellExpired } from "../local/tell-expired.js";
import { BackgroundFlush } from "../local/background-flush.js";
import { overFaults, waitingForAll } from "./batch-contexts.js";
import { readChanges } from "./change-rows.js";
import { CommitCall, type CommitSetup } from "./commit-call.js";
import { CommitPoller } from "../local/commit-poller.js";
import { checkPages } from "./check-pages.js";
import { inWorker } from "./maintenance-worker.js";
import { findNamespace } from "./namespace-row.js";
import { paced } from "./paced.js";
import { loadDriver } from "./sqlite-driver.js";
import { filesOf } from "./sqlite-file.js";
import { ReadGatherer } from "./read-gatherer.js";
import { sqliteOptions, type SqliteOptions } from "./sqlite-options.js";
import { SqliteStore } from "./sqlite-store.js";
import { StoreClock } from "./store-clock.js";
import { namePages, readEntries, scanPages, type ReadSource } from "./store-scan.js";
import { hasDue, sweepExpired } from "./sweep-expired.js";
import { verifyRows } from "./verify-rows.js";

const MIB = 1024 * 1024;
const LIMITS = { maxValueBytes: 64 * MIB, maxBatchEntries: 100_000, maxBatchBytes: 256 * MIB };

/** Keeps everything in a file of SQLite, which several processes may have open, or in memory. See docs/backends.md. */
export const sqliteBackend: BackendFactory = (setup) => new SqliteBackend(setup);

class SqliteBackend implements Backend {
  readonly info: BackendInfo;
  readonly extensions: BackendExtensions;
  readonly #setup: BackendSetup;
  readonly #options: SqliteOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #clock: StoreClock;
  readonly #sweepIds: VersionSource;
  readonly #signal: ChangeSignal;
  readonly #poller: CommitPoller;
  readonly #sweeper: Sweeper;
  readonly #background: BackgroundFlush | undefined;
  #open: SqliteStore | undefined;
  #gatherer: ReadGatherer | undefined;

  constructor(setup: BackendSetup) {
    const { runtime } = setup;
    this.#setup = setup;
    this.#options = sqliteOptions(setup);
    this.#clock = new StoreClock(runtime.clock);
    this.#sweepIds = new VersionSource(runtime.random);
    this.#signal = new ChangeSignal(runtime.timers, this.#lifecycle);
    this.#poller = new CommitPoller({
      timers: runtime.timers,
      isWanted: () => this.#signal.hasWaiters,
      lastCommit: () =>
        this.#store.read(background(), (connection) => connection.number("PRAGMA data_version")),
      changed: () => this.#signal.notifyAll(),
    });
    this.#sweeper = this.#makeSweeper();
    this.#background = this.#makeBackground();
    this.info = infoOf(this.#options);
    this.extensions = this.#options.isFile ? this.#makeExtensions() : {};
  }

  open(ctx: Context): Promise<void> {
    return this.#lifecycle.open(ctx, async () => {
      const driver = await loadDriver(this.#options.library);
      const { operationTimeoutMs, runtime } = this.#setup;
      const retry = { timeoutMs: operationTimeoutMs, uniform: () => runtime.random.uniform() };
      this.#open = await SqliteStore.open(ctx, { driver, options: this.#options, retry });
      this.#gatherer = new ReadGatherer(this.#store, this.#clock);
      this.#sweeper.start();
    });
  }

  close(_ctx: Context): Promise<void> {
    return this.#lifecycle.close(
      () => this.#signal.notifyAll(),
      async () => {
        await this.#poller.stop();
        try {
          await this.#sweeper.stop();
          await this.#background?.stop();
          if (this.#options.flushes) await this.#flush(background());
        } finally {
          const open = this.#open;
          this.#open = undefined;
          await open?.close();
        }
      },
    );
  }

  async read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ): Promise<ReadResult<W>> {
    const want = options?.want ?? "values";
    return await readEntries(this.#source(), ctx, namespace, keys, want);
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>> {
    return scanPages(this.#source(), ctx, { namespace, range }, options);
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#lifecycle.run(background(), async () => {
      this.#background?.report();
      try {
        return await this.#write(waitingForAll(batches), (call) => call.run(batches));
      } catch (error) {
        // While the database was locked by others every batch ran out of time: nothing of them was begun.
        const faults = overFaults(batches, error);
        if (faults === undefined) throw error;
        return faults;
      }
    });
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    { limit, waitMs = 0 }: ChangesOptions,
  ): Promise<ChangesResult> {
    return this.#lifecycle.run(ctx, async () => {
      const { clock } = this.#setup.runtime;
      const until = clock.monotonic() + waitMs;
      for (;;) {
        this.#lifecycle.check(ctx);
        const { result, seen } = await this.#changesNow(ctx, namespace, after, limit);
        const leftMs = waitMs > 0 ? until - clock.monotonic() : 0;
        if (result.lost || result.changes.length > 0 || leftMs <= 0) return result;
        if (this.#options.isFile) this.#poller.watch(seen);
        await this.#signal.wait(ctx, namespace, leftMs);
      }
    });
  }

  namespaces(ctx: Context): AsyncIterable<readonly string[]> {
    return namePages(this.#source(), ctx);
  }

  #changesNow(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    limit: number,
  ): Promise<{ readonly result: ChangesResult; readonly seen: number }> {
    const { count, ageMs } = this.#setup.changes;
    return this.#store.read(ctx, (connection) =>
      connection.view(() => {
        const seen = connection.number("PRAGMA data_version");
        const row = findNamespace(connection, namespace);
        const kept = { count, sinceMs: this.#clock.now(row?.now) - ageMs };
        return { result: readChanges(connection, row, after, limit, kept), seen };
      }),
    );
  }

  async #write<T>(
    waiting: Pick<Context, "remainingMs" | "err">,
    body: (call: CommitCall) => Promise<T>,
  ): Promise<T> {
    const answer = await this.#store.write(waiting, (connection) =>
      body(new CommitCall(connection, this.#commitSetup())),
    );
    this.#committed();
    return answer;
  }

  #committed(): void {
    this.#background?.note();
    this.#signal.notifyAll();
  }

  async #sweep(): Promise<boolean> {
    const now = this.#clock.now();
    if (!(await this.#store.read(background(), (connection) => hasDue(connection, now)))) return false;
    const expired = await this.#store.write(background(), async (connection) =>
      sweepExpired(connection, new CommitCall(connection, this.#commitSetup()), this.#sweepIds, now),
    );
    this.#committed();
    for (const [namespace, headers] of expired) tellExpired(this.#setup.expired, namespace, headers);
    return true;
  }

  async #flush(ctx: Context): Promise<void> {
    this.#background?.report();
    if (this.#options.flushes) await this.#store.flush(ctx);
  }

  /** A thread looks at the pages of a large file, while the rows are checked here. */
  async #verify(ctx: Context): Promise<VerifyReport> {
    const store = this.#store;
    const breather = this.#breather();
    const { entryHash } = this.info;
    const [messages, { entries, problems }] = await Promise.all([
      checkPages(store, this.#patience(ctx)),
      store.readLong(ctx, (connection) => paced(verifyRows(connection, entryHash), breather)),
    ]);
    const { path } = this.#options;
    const pages = messages.map((message) => ({ reason: "checksum", message, file: path }) as const);
    return { entries, problems: [...pages, ...problems] };
  }

  #compact(ctx: Context): Promise<void> {
    const store = this.#store;
    return store.withoutWriters(async () => {
      await inWorker(store, "vacuum", this.#patience(ctx));
    });
  }

  /** How long a thread waits for locks. */
  #patience(ctx: Context): number {
    return Math.max(0, Math.min(ctx.remainingMs(), this.#setup.operationTimeoutMs));
  }

  get #store(): SqliteStore {
    return this.#open as SqliteStore;
  }

  #breather(): Breather {
    return new Breather(this.#setup.runtime.clock);
  }

  #commitSetup(): CommitSetup {
    const { entryHash } = this.info;
    return {
      clock: this.#clock,
      limits: LIMITS,
      kept: this.#setup.changes,
      entryHash,
      breather: this.#breather(),
    };
  }

  #source(): ReadSource {
    return {
      lifecycle: this.#lifecycle,
      store: () => this.#store,
      gatherer: () => this.#gatherer as ReadGatherer,
      clock: this.#clock,
      breather: () => this.#breather(),
    };
  }

  #makeSweeper(): Sweeper {
    return new Sweeper({
      runtime: this.#setup.runtime,
      intervalMs: this.#setup.sweepIntervalMs,
      isHurried: () => this.#signal.hasWaiters,
      sweep: () => this.#sweep(),
      warn: this.#setup.warn,
    });
  }

  #makeBackground(): BackgroundFlush | undefined {
    const { intervalMs } = this.#options;
    if (intervalMs === undefined) return undefined;
    const { runtime, warn, unsaved } = this.#setup;
    const flush = () => this.#store.flush(background());
    return new BackgroundFlush({ timers: runtime.timers, intervalMs, flush, warn, unsaved });
  }

  #makeExtensions(): BackendExtensions {
    const run =
      <T>(call: (ctx: Context) => Promise<T>) =>
      (ctx: Context) =>
        this.#lifecycle.run(ctx, () => call(ctx));
    return {
      compact: run((ctx) => this.#compact(ctx)),
      flush: run((ctx) => this.#flush(ctx)),
      verify: run((ctx) => this.#verify(ctx)),
      files: run(() => filesOf(this.#options.path)),
    };
  }
}

function infoOf({ isFile, held }: SqliteOptions): BackendInfo {
  return {
    name: "sqlite",
    capabilities: {
      persistent: isFile,
      shared: isFile,
      groupCommit: true,
      compact: isFile,
      verify: isFile,
      flush: isFile,
      files: isFile,
      reportsExpired: true,
    },
    limits: LIMITS,
    durability: held,
    entryHash: hashEntry,
  };
}
