import { background, type Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
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
  ReadOptions,
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
import { changesAfter } from "../local/local-changes.js";
import type { LocalCommit } from "../local/local-commit.js";
import { namePages, scanPages } from "../local/local-scan.js";
import { LocalStore } from "../local/local-store.js";
import { prepareRanges } from "../local/prepare-ranges.js";
import { Sweeper } from "../local/sweeper.js";
import { tellExpired } from "../local/tell-expired.js";
import { CommitLog } from "./commit-log.js";
import { decideGroup } from "./commit-group.js";
import { fetchedPages, fetchedValues } from "./fetched-pages.js";
import { fileOptions, type FileOptions } from "./file-options.js";
import { openStore, readStore, type OpenedStore, type StorePlace } from "./open-store.js";
import { readOnlyFault } from "./read-only-fault.js";
import type { Losses } from "./salvage/losses.js";
import { salvageFiles } from "./salvage/salvage-files.js";
import { verifySalvaged } from "./salvage/verify-salvaged.js";
import { storeFiles } from "./store-files.js";
import { StoreLayout } from "./store-layout.js";
import { verifyStore } from "./verify-store.js";
import { journaledInfo, LIMITS, MACHINE, SWEEP_ENTRIES, type Surroundings } from "./journaled-info.js";

/** Keeps everything in this process and every commit in a journal; see docs/formats.md. */
export const fileBackend: BackendFactory = (setup) => new FileBackend(setup);

interface OpenState extends OpenedStore {
  readonly commits: CommitLog;
}

export class FileBackend implements Backend {
  readonly info: BackendInfo;
  readonly extensions: BackendExtensions;
  readonly #setup: BackendSetup;
  readonly #options: FileOptions;
  readonly #place: StorePlace;
  readonly #lifecycle = new Lifecycle();
  readonly #signal: ChangeSignal;
  readonly #sweeper: Sweeper;
  #store: LocalStore;
  /** Undefined when the store is open for reading only. */
  #open: OpenState | undefined;
  /** Undefined unless the store is open for salvaging. */
  #losses: Losses | undefined;

  /** @param surroundings the machine's files and lock unless given. */
  constructor(setup: BackendSetup, surroundings: Surroundings = MACHINE) {
    this.#setup = setup;
    this.#options = fileOptions(setup);
    const { runtime, warn } = setup;
    this.#place = { ...surroundings, layout: new StoreLayout(this.#options.path), runtime, warn };
    this.#signal = new ChangeSignal(runtime.timers, this.#lifecycle);
    this.#store = new LocalStore(setup);
    this.#sweeper = this.#makeSweeper();
    this.info = journaledInfo("file", this.#options);
    this.extensions = this.#makeExtensions();
  }

  open(ctx: Context): Promise<void> {
    return this.#lifecycle.open(ctx, async () => {
      if (this.#options.salvage) return this.#salvage();
      if (this.#options.readOnly) {
        this.#store = await readStore(this.#place, () => new LocalStore(this.#setup));
        return;
      }
      this.#store = new LocalStore(this.#setup);
      const opened = await openStore(this.#place, this.#options, this.#store);
      const { warn, unsaved, runtime } = this.#setup;
      const { waits, intervalMs } = this.#options;
      const { log } = opened;
      const commits = new CommitLog({ log, timers: runtime.timers, waits, intervalMs, warn, unsaved });
      this.#open = { ...opened, commits };
      this.#sweeper.start();
    });
  }

  close(_ctx: Context): Promise<void> {
    return this.#lifecycle.close(
      () => this.#signal.notifyAll(),
      async () => {
        const open = this.#open;
        this.#open = undefined;
        try {
          await this.#sweeper.stop();
          await open?.commits.close();
        } finally {
          await open?.lock.release();
          this.#store = new LocalStore(this.#setup);
          this.#losses = undefined;
        }
      },
    );
  }

  async read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: ReadOptions<W>,
  ): Promise<ReadResult<W>> {
    this.#lifecycle.check(ctx);
    const result = this.#store.read(namespace, keys);
    if (options?.want === "headers") return result as ReadResult<W>;
    const entries = fetchedValues(result.entries, options?.once);
    return (entries === result.entries ? result : { ...result, entries }) as ReadResult<W>;
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>> {
    const pages = scanPages(this.#engine(), ctx, namespace, range, options);
    return options?.want === undefined || options.want === "values"
      ? fetchedPages(pages, options?.once)
      : pages;
  }

  async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#lifecycle.run(background(), () => {
      const { commits } = this.#writable();
      return commits.turn.run(() => this.#commit(commits, batches));
    });
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

  async #salvage(): Promise<void> {
    const { fs, layout, warn } = this.#place;
    const store = new LocalStore(this.#setup);
    this.#losses = await salvageFiles({ fs, layout, warn, breather: this.#breather() }, store);
    this.#store = store;
  }

  #verify(): Promise<VerifyReport> {
    const { fs, layout } = this.#place;
    return this.#losses === undefined
      ? this.#undisturbed(() => verifyStore(fs, layout, this.#breather()))
      : verifySalvaged(this.#store, this.#losses, this.#breather());
  }

  #breather(): Breather {
    return new Breather(this.#setup.runtime.clock);
  }

  async #commit(log: CommitLog, batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    await prepareRanges(this.#store, batches);
    const decisions = decideGroup(this.#store, batches, LIMITS);
    const commits = decisions.flatMap((decision) => ("commit" in decision ? [decision.commit] : []));
    if (commits.length > 0) await log.write(commits);
    return decisions.map((decision) => ("commit" in decision ? this.#apply(decision.commit) : decision));
  }

  #apply(commit: LocalCommit): CommitResult {
    const { replaced, removed } = this.#store.apply(commit);
    this.#signal.notify(commit.namespace);
    return { status: "committed", position: commit.position, now: commit.now, replaced, removed };
  }

  async #sweep({ commits }: OpenState): Promise<boolean> {
    return commits.turn.run(async () => {
      const sweep = this.#store.sweep(this.#store.now(), SWEEP_ENTRIES);
      if (sweep === undefined) return false;
      const { commit, expired } = sweep;
      await commits.write([commit]);
      this.#apply(commit);
      tellExpired(this.#setup.expired, commit.namespace, expired);
      return true;
    });
  }

  /** @throws StorageFault `read-only`. */
  #writable(): OpenState {
    if (this.#open !== undefined) return this.#open;
    throw readOnlyFault();
  }

  #engine() {
    const { clock } = this.#setup.runtime;
    return { lifecycle: this.#lifecycle, store: this.#store, signal: this.#signal, clock };
  }

  #makeSweeper(): Sweeper {
    return new Sweeper({
      runtime: this.#setup.runtime,
      intervalMs: this.#setup.sweepIntervalMs,
      isHurried: () => this.#signal.hasWaiters,
      sweep: () => (this.#open === undefined ? false : this.#sweep(this.#open)),
      warn: this.#setup.warn,
    });
  }

  #makeExtensions(): BackendExtensions {
    const { fs, layout } = this.#place;
    const run =
      <T>(call: () => Promise<T>) =>
      (ctx: Context) =>
        this.#lifecycle.run(ctx, call);
    return {
      compact: run(() => this.#writable().commits.compact()),
      flush: run(async () => this.#open?.commits.flush()),
      verify: run(() => this.#verify()),
      files: run(() => storeFiles(fs, layout)),
    };
  }

  /** Runs while no files are replaced. */
  #undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#open === undefined ? work() : this.#open.commits.withoutCompaction(work);
  }
}
