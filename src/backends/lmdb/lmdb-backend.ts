import { background, type Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry } from "../../core/range-digest.js";
import type { KeyRange } from "../../core/range.js";
import { SteadyClock } from "../../core/runtime.js";
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
  Want,
} from "../backend.js";
import { Breather } from "../files/breather.js";
import { BackgroundFlush } from "../local/background-flush.js";
import { ChangeSignal } from "../local/change-signal.js";
import { CommitPoller } from "../local/commit-poller.js";
import { Lifecycle } from "../local/lifecycle.js";
import { Sweeper } from "../local/sweeper.js";
import { tellExpired } from "../local/tell-expired.js";
import { changesAfter } from "./noted-changes.js";
import { CommitCall } from "./commit-call.js";
import { DataFolder } from "./data-folder.js";
import { hasDue } from "./noted-deadlines.js";
import { readEntries, scanPages, namePages } from "./lmdb-reads.js";
import { loadLmdb } from "./lmdb-driver.js";
import type { LmdbEnvironment } from "./lmdb-environment.js";
import { lmdbOptions, type LmdbOptions } from "./lmdb-options.js";
import { acquireEnvironment, type Release } from "./open-environments.js";
import { sweepExpired } from "./sweep-expired.js";
import { verifyFile } from "./verify-file.js";

const MIB = 1024 * 1024;
const LIMITS = { maxValueBytes: 64 * MIB, maxBatchEntries: 100_000, maxBatchBytes: 256 * MIB };

/** Keeps everything in a folder with LMDB; several processes may have it open. See docs/formats.md. */
export const lmdbBackend: BackendFactory = (setup) => new LmdbBackend(setup);

interface OpenState {
  readonly environment: LmdbEnvironment;
  readonly release: Release;
  readonly stopListening: () => void;
}

class LmdbBackend implements Backend {
  readonly info: BackendInfo;
  readonly extensions: BackendExtensions;
  readonly #setup: BackendSetup;
  readonly #options: LmdbOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #clock: SteadyClock;
  readonly #sweepIds: VersionSource;
  readonly #signal: ChangeSignal;
  readonly #poller: CommitPoller;
  readonly #sweeper: Sweeper;
  readonly #background: BackgroundFlush | undefined;
  #open: OpenState | undefined;

  constructor(setup: BackendSetup) {
    const { runtime } = setup;
    this.#setup = setup;
    this.#options = lmdbOptions(setup);
    this.#clock = new SteadyClock(runtime.clock);
    this.#sweepIds = new VersionSource(runtime.random);
    this.#signal = new ChangeSignal(runtime.timers, this.#lifecycle);
    this.#poller = new CommitPoller({
      timers: runtime.timers,
      isWanted: () => this.#signal.hasWaiters,
      lastCommit: () => this.#environment.lastTransaction,
      changed: () => this.#signal.notifyAll(),
    });
    this.#sweeper = this.#makeSweeper();
    this.#background = this.#makeBackground();
    this.info = infoOf(this.#options);
    this.extensions = this.#makeExtensions();
  }

  open(ctx: Context): Promise<void> {
    return this.#lifecycle.open(ctx, async () => {
      const driver = await loadLmdb();
      const folder = new DataFolder(this.#options.path);
      await folder.prepare();
      const { sync } = this.#options;
      const place = { driver, folder, sync, breather: () => this.#breather() };
      const { environment, release } = await acquireEnvironment(place);
      const stopListening = environment.onWritten(() => this.#signal.notifyAll());
      this.#open = { environment, release, stopListening };
      this.#sweeper.start();
    });
  }

  close(_ctx: Context): Promise<void> {
    return this.#lifecycle.close(
      () => this.#signal.notifyAll(),
      async () => {
        const open = this.#open;
        try {
          await this.#poller.stop();
          await this.#sweeper.stop();
          await this.#background?.stop();
          if (this.#options.durability !== "power") await open?.environment.sync();
        } finally {
          this.#open = undefined;
          open?.stopListening();
          await open?.release();
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
    this.#lifecycle.check(ctx);
    const want = options?.want ?? "values";
    return (await readEntries(this.#source(), namespace, keys, want)) as ReadResult<W>;
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
      const results = await this.#commit(batches);
      this.#background?.note();
      return results;
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
        const since = this.#environment.lastTransaction;
        const result = await this.#environment.read((view) =>
          changesAfter(view, namespace, after, { limit, kept: this.#setup.changes, now: this.#clock.now() }),
        );
        const leftMs = waitMs > 0 ? until - clock.monotonic() : 0;
        if (result.lost || result.changes.length > 0 || leftMs <= 0) return result;
        this.#poller.watch(since);
        await this.#signal.wait(ctx, namespace, leftMs);
      }
    });
  }

  namespaces(ctx: Context): AsyncIterable<readonly string[]> {
    return namePages(this.#source(), ctx);
  }

  #commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#environment.write((view) => new CommitCall(view, this.#commitSetup()).run(batches));
  }

  async #sweep(): Promise<boolean> {
    const environment = this.#environment;
    environment.checkReaders();
    if (!(await environment.read((view) => hasDue(view, this.#clock.now())))) return false;
    const expired = await environment.write(async (view) =>
      sweepExpired(view, new CommitCall(view, this.#commitSetup()), this.#sweepIds, this.#clock.now()),
    );
    this.#background?.note();
    for (const [namespace, headers] of expired ?? []) tellExpired(this.#setup.expired, namespace, headers);
    return expired !== undefined;
  }

  get #environment(): LmdbEnvironment {
    return (this.#open as OpenState).environment;
  }

  #breather(): Breather {
    return new Breather(this.#setup.runtime.clock);
  }

  #commitSetup() {
    const now = () => this.#clock.now();
    const { entryHash } = this.info;
    return { now, limits: LIMITS, kept: this.#setup.changes, entryHash, breather: this.#breather() };
  }

  #source() {
    return {
      lifecycle: this.#lifecycle,
      environment: () => this.#environment,
      now: () => this.#clock.now(),
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
    return new BackgroundFlush({
      timers: runtime.timers,
      intervalMs,
      flush: () => this.#environment.sync(),
      warn,
      unsaved,
    });
  }

  #makeExtensions(): BackendExtensions {
    const run =
      <T>(call: (environment: LmdbEnvironment) => Promise<T>) =>
      (ctx: Context) =>
        this.#lifecycle.run(ctx, () => call(this.#environment));
    return {
      compact: run((environment) => environment.compact()),
      flush: run(async (environment) => {
        this.#background?.report();
        await environment.sync();
      }),
      verify: run((environment) =>
        environment.readLong((view) => verifyFile(environment.dataFile, view, this.#breather())),
      ),
      files: run((environment) => environment.place.folder.files()),
    };
  }
}

function infoOf({ durability }: LmdbOptions): BackendInfo {
  return {
    name: "lmdb",
    capabilities: {
      persistent: true,
      shared: true,
      groupCommit: true,
      compact: true,
      verify: true,
      flush: true,
      files: true,
      reportsExpired: true,
    },
    limits: LIMITS,
    durability,
    entryHash: hashEntry,
  };
}
