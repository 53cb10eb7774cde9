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
  Conflicted,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  VerifyReport,
  Want,
} from "../backend.js";
import { decideGroup, type Decision } from "../file/commit-group.js";
import { journaledInfo, LIMITS, MACHINE, SWEEP_ENTRIES, type Surroundings } from "../file/journaled-info.js";
import { readOnlyFault } from "../file/read-only-fault.js";
import { Breather } from "../files/breather.js";
import { ChangeSignal } from "../local/change-signal.js";
import { Lifecycle } from "../local/lifecycle.js";
import { changesAfter } from "../local/local-changes.js";
import type { LocalCommit } from "../local/local-commit.js";
import type { LocalEntry } from "../local/local-entry.js";
import { namePages, scanPages } from "../local/local-scan.js";
import { prepareRanges } from "../local/prepare-ranges.js";
import { Sweeper } from "../local/sweeper.js";
import { tellExpired } from "../local/tell-expired.js";
import { directoryFiles } from "./directory-files.js";
import { DirectoryLayout } from "./directory-layout.js";
import { directoryOptions, type DirectoryOptions } from "./directory-options.js";
import { EntryLoader } from "./entry-loader.js";
import { headerOf } from "./filed-entry.js";
import { headerPages, valuePages, type FiledScan } from "./filed-scan.js";
import { FiledStore } from "./filed-store.js";
import type { EntryFiles } from "./entry-files.js";
import { entryFiles, openDirectory, readDirectory, type OpenDirectory } from "./open-directory.js";
import { ReadingDirectory, type IndexView } from "./reading-directory.js";
import { verifyDirectory } from "./verify-directory.js";

/** Keeps each entry in a readable file of its own, and every commit in a journal first; see docs/formats.md. */
export const directoryBackend: BackendFactory = (setup) => new DirectoryBackend(setup);

export class DirectoryBackend implements Backend {
  readonly info: BackendInfo;
  readonly extensions: BackendExtensions;
  readonly #setup: BackendSetup;
  readonly #options: DirectoryOptions;
  readonly #layout: DirectoryLayout;
  readonly #surroundings: Surroundings;
  readonly #lifecycle = new Lifecycle();
  readonly #signal: ChangeSignal;
  readonly #sweeper: Sweeper;
  #view: IndexView;
  /** Undefined while the store is open for reading only. */
  #open: OpenDirectory | undefined;
  #reading: ReadingDirectory | undefined;

  /** @param surroundings the machine's files and lock unless given. */
  constructor(setup: BackendSetup, surroundings: Surroundings = MACHINE) {
    this.#setup = setup;
    this.#surroundings = surroundings;
    this.#options = directoryOptions(setup);
    this.#layout = new DirectoryLayout(this.#options.path);
    this.#signal = new ChangeSignal(setup.runtime.timers, this.#lifecycle);
    this.#view = this.#empty();
    this.#sweeper = this.#makeSweeper();
    this.info = journaledInfo("directory", this.#options);
    this.extensions = this.#makeExtensions();
  }

  open(ctx: Context): Promise<void> {
    return this.#lifecycle.open(ctx, async () => {
      if (this.#options.readOnly) {
        this.#reading = await ReadingDirectory.open(this.#files(), () =>
          readDirectory(this.#surroundings, this.#layout, this.#setup),
        );
        return;
      }
      const open = await openDirectory(this.#surroundings, this.#layout, this.#options, this.#setup);
      this.#view = { store: open.store, loader: new EntryLoader(open.store, open.files) };
      this.#open = open;
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
          if (open !== undefined) await this.#settle(open);
        } finally {
          await open?.lock.release();
          this.#reading = undefined;
          this.#view = this.#empty();
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
    return this.#lifecycle.run(ctx, async () => {
      if (options?.want !== "headers") return (await this.#readValues(namespace, keys)) as ReadResult<W>;
      const result = this.#store.read(namespace, keys);
      const entries = result.entries.map((entry) => entry && headerOf(entry as LocalEntry));
      return { ...result, entries } as ReadResult<W>;
    });
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options: ScanOptions<W> = {},
  ): AsyncIterable<ScanPage<W>> {
    const { want = "values" } = options;
    if (want === "values") {
      const view = () => this.#now;
      const isOutdated: FiledScan["isOutdated"] = async (seen, damage) =>
        (await this.#reading?.isOutdated(seen, damage)) ?? false;
      const scanned = { lifecycle: this.#lifecycle, view, isOutdated };
      return valuePages(scanned, ctx, namespace, range, options as ScanOptions) as AsyncIterable<ScanPage<W>>;
    }
    const pages = scanPages(this.#engine(), ctx, namespace, range, options);
    return want === "headers"
      ? (headerPages(pages as AsyncIterable<ScanPage<"headers">>) as AsyncIterable<ScanPage<W>>)
      : pages;
  }

  async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#lifecycle.run(background(), async () => {
      const open = this.#writable();
      await open.filing.room();
      return open.commits.turn.run(() => this.#commit(open, batches));
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

  /** As the contract has it: one atomic snapshot. */
  async #readValues(namespace: string, keys: readonly StoredKey[]): Promise<ReadResult> {
    for (;;) {
      const view = this.#now;
      try {
        return await view.loader.read(namespace, keys);
      } catch (error) {
        if (!(await this.#reading?.isOutdated(view, error))) throw error;
      }
    }
  }

  async #commit(open: OpenDirectory, batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    await prepareRanges(this.#store, batches);
    const decisions = decideGroup(this.#store, batches, LIMITS);
    const commits = decisions.flatMap((decision) => ("commit" in decision ? [decision.commit] : []));
    if (commits.length > 0) await open.commits.write(commits);
    // All are applied before anything else is awaited.
    const results = decisions.map((decision) => this.#carryOut(open, decision));
    return Promise.all(
      results.map(async (result, i) =>
        result.status === "conflict" ? this.#withValues((batches[i] as Batch).namespace, result) : result,
      ),
    );
  }

  #carryOut(open: OpenDirectory, decision: Decision): CommitResult {
    return "commit" in decision ? this.#apply(open, decision.commit) : decision;
  }

  #apply({ filing }: OpenDirectory, commit: LocalCommit): CommitResult {
    const applied = this.#store.apply(commit);
    filing.schedule();
    this.#signal.notify(commit.namespace);
    const replaced = applied.replaced.map((entry) => entry && headerOf(entry as LocalEntry));
    const { position, now } = commit;
    return { status: "committed", position, now, replaced, removed: applied.removed };
  }

  /** The current entries of a conflict, with their values; a fault when the file of one is damaged. */
  async #withValues(namespace: string, result: Conflicted): Promise<CommitResult> {
    const keys = result.conflicts.flatMap((conflict) =>
      "key" in conflict && conflict.current !== undefined ? [conflict.key] : [],
    );
    try {
      const { entries } = await this.#view.loader.read(namespace, keys);
      const current = new Map(entries.flatMap((entry) => (entry === undefined ? [] : [[entry.key, entry]])));
      const conflicts = result.conflicts.map((conflict) => {
        const entry = "key" in conflict ? current.get(conflict.key) : undefined;
        if (!("key" in conflict) || conflict.current === undefined) return conflict;
        return entry === undefined ? { key: conflict.key } : { key: conflict.key, current: entry };
      });
      return { ...result, conflicts };
    } catch (error) {
      return { status: "fault", fault: error as Error };
    }
  }

  async #sweep(open: OpenDirectory): Promise<boolean> {
    return open.commits.turn.run(async () => {
      const sweep = this.#store.sweep(this.#store.now(), SWEEP_ENTRIES);
      if (sweep === undefined) return false;
      const { commit, expired } = sweep;
      await open.commits.write([commit]);
      this.#apply(open, commit);
      tellExpired(this.#setup.expired, commit.namespace, expired);
      return true;
    });
  }

  /** Writes the files that are missing and lets everything go. */
  async #settle({ filing, commits }: OpenDirectory): Promise<void> {
    await filing.stop();
    await filing.flush().catch((error: unknown) => {
      this.#setup.warn("files of entries could not be written on closing; nothing is lost", { error });
    });
    await commits.close();
  }

  get #now(): IndexView {
    return this.#reading?.view ?? this.#view;
  }

  get #store(): FiledStore {
    return this.#now.store;
  }

  #empty(): IndexView {
    const store = new FiledStore(this.#setup);
    return { store, loader: new EntryLoader(store, this.#files()) };
  }

  #files(): EntryFiles {
    return entryFiles(this.#surroundings, this.#layout, this.#setup);
  }

  /** For calls that the lifecycle lets through only while the store is open. @throws StorageFault `read-only`. */
  #writable(): OpenDirectory {
    if (this.#open === undefined) throw readOnlyFault();
    return this.#open;
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
    const run = <T>(ctx: Context, call: () => Promise<T>) => this.#lifecycle.run(ctx, call);
    return {
      compact: (ctx) => run(ctx, () => this.#compact(this.#writable())),
      flush: (ctx) => run(ctx, async () => this.#open && (await this.#flush(this.#open))),
      verify: (ctx) => run(ctx, () => this.#verify()),
      files: (ctx) => run(ctx, () => directoryFiles(this.#surroundings.fs, this.#layout)),
    };
  }

  async #compact({ filing, commits }: OpenDirectory): Promise<void> {
    await filing.flush();
    await commits.compact();
  }

  async #verify(): Promise<VerifyReport> {
    const { fs } = this.#surroundings;
    const breather = new Breather(this.#setup.runtime.clock);
    const files = this.#open?.files ?? this.#files();
    const look = () => verifyDirectory({ fs, files, breather, layout: this.#layout, ...this.#now });
    if (this.#open === undefined) return await (this.#reading?.untilSettled(look) ?? look());
    const { filing, commits } = this.#open;
    // What has no file yet is looked at in memory.
    await filing.flush().catch(() => undefined);
    return await commits.withoutCompaction(look);
  }

  async #flush({ filing, commits }: OpenDirectory): Promise<void> {
    await commits.flush();
    await filing.flush();
  }
}
