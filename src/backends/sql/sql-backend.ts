import { background, type Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry } from "../../core/range-digest.js";
import type { KeyRange } from "../../core/range.js";
import { VersionSource } from "../../core/version.js";
import type {
  Backend,
  BackendExtensions,
  BackendInfo,
  BackendSetup,
  Batch,
  Capabilities,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Durability,
  Limits,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
  Wanted,
} from "../backend.js";
import { limitFault } from "../local/batch-limits.js";
import { ChangeSignal } from "../local/change-signal.js";
import { Lifecycle } from "../local/lifecycle.js";
import { Sweeper } from "../local/sweeper.js";
import { callContext, jointContext } from "./call-context.js";
import { commitChunks } from "../local/commit-chunks.js";
import { CommitCarrier } from "./commit-carrier.js";
import { byNamespace } from "./commit-plan.js";
import { wantedOf } from "./entry-row.js";
import { ReadGather } from "./read-gather.js";
import { changesAfter } from "./sql-changes.js";
import { namePages, scanPages } from "./sql-scan.js";
import type { ServerFacts, SqlStore, StoreEvents } from "./sql-store.js";
import { sweepSlice } from "./sql-sweep.js";
import { verifyStore } from "./sql-verify.js";

const MIB = 1024 * 1024;

const LIMITS: Limits = { maxValueBytes: 64 * MIB, maxBatchEntries: 100_000, maxBatchBytes: 256 * MIB };

const CAPABILITIES = {
  persistent: true,
  shared: true,
  groupCommit: true,
  compact: true,
  verify: true,
  files: false,
  reportsExpired: true,
} as const;

/** Compacting a large store takes as long as it takes; a server that has died under it must not hold it for ever. */
const COMPACT_WITHIN_MS = 3_600_000;

/** Makes what speaks to one kind of server. */
export type SqlStoreFactory = (setup: BackendSetup, events: StoreEvents) => SqlStore;

/** The contract over a server of SQL: what is the same on all of them. */
export class SqlBackend implements Backend {
  readonly extensions: BackendExtensions;
  readonly #name: string;
  readonly #capabilities: Capabilities;
  readonly #setup: BackendSetup;
  readonly #store: SqlStore;
  readonly #lifecycle = new Lifecycle();
  readonly #signal: ChangeSignal;
  readonly #sweeper: Sweeper;
  readonly #sweepIds: VersionSource;
  readonly #reads: ReadGather;
  readonly #commits: CommitCarrier;
  #durability: Durability = "none";
  #limits = LIMITS;

  constructor(name: string, setup: BackendSetup, makeStore: SqlStoreFactory) {
    this.#name = name;
    this.#setup = setup;
    this.#signal = new ChangeSignal(setup.runtime.timers, this.#lifecycle);
    this.#store = makeStore(setup, { woken: (namespace) => this.#wake(namespace) });
    this.#reads = new ReadGather(this.#store, setup.operationTimeoutMs);
    this.#commits = new CommitCarrier(this.#store);
    this.#sweepIds = new VersionSource(setup.runtime.random);
    this.#sweeper = this.#makeSweeper();
    this.extensions = this.#makeExtensions();
    this.#capabilities = { ...CAPABILITIES, flush: this.extensions.flush !== undefined };
  }

  get info(): BackendInfo {
    return {
      name: this.#name,
      capabilities: this.#capabilities,
      limits: this.#limits,
      durability: this.#durability,
      entryHash: hashEntry,
    };
  }

  open(ctx: Context): Promise<void> {
    return this.#lifecycle.open(ctx, async () => {
      const [call, end] = callContext(ctx, this.#setup.operationTimeoutMs);
      try {
        this.#learn(await this.#store.open(call));
      } finally {
        end();
      }
      this.#sweeper.start();
    });
  }

  close(ctx: Context): Promise<void> {
    return this.#lifecycle.close(
      () => this.#signal.notifyAll(),
      async () => {
        try {
          await this.#sweeper.stop();
          if (this.#durability === "none") await this.#flush(ctx);
        } finally {
          await this.#store.close();
        }
      },
    );
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ): Promise<ReadResult<W>> {
    const want = options?.want ?? ("values" as W);
    return this.#lifecycle.run(ctx, () => this.#read(ctx, namespace, [...keys], want));
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>> {
    return scanPages(this.#engine(), ctx, namespace, range, options);
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#lifecycle.run(background(), () => this.#commit(batches));
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

  async #read<W extends Want>(ctx: Context, namespace: string, keys: readonly StoredKey[], want: W) {
    const { state, rows } = await this.#reads.read(ctx, namespace, keys, want === "values");
    this.#commits.noted(namespace, state.ordinal);
    const entries = Array.from<Wanted<W> | undefined>({ length: keys.length });
    for (const row of rows) {
      entries[row.number] = wantedOf(namespace, keys[row.number] as StoredKey, row, want);
    }
    return { entries, now: state.now, position: { ordinal: state.ordinal, id: state.id } };
  }

  /** Batches that may not be sent have their results already; the others go out together. */
  async #commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results = new Map<Batch, CommitResult>();
    for (const batch of batches) {
      const fault = batch.ctx.err() ?? limitFault(batch, this.#limits);
      if (fault !== undefined) results.set(batch, { status: "fault", fault });
    }
    const sent = byNamespace(batches.filter((batch) => !results.has(batch)));
    if (sent.length > 0) {
      const answers = await this.#carry(sent);
      for (const [i, batch] of sent.entries()) results.set(batch, answers[i] as CommitResult);
    }
    return batches.map((batch) => results.get(batch) as CommitResult);
  }

  async #carry(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const callers = batches.map(({ ctx }) => ctx);
    const [ctx, end] = jointContext(callers, this.#setup.operationTimeoutMs);
    try {
      const [first = [], ...others] = commitChunks(batches, this.#limits);
      const results = [...(await this.#commits.carry(ctx, first))];
      for (const chunk of others) results.push(...(await this.#carryNext(ctx, chunk)));
      return results;
    } finally {
      end();
    }
  }

  /** Those before it have their results, which must not be lost when this fails. */
  async #carryNext(ctx: Context, batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    try {
      return await this.#commits.carry(ctx, batches);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      return batches.map(() => ({ status: "fault", fault: error }));
    }
  }

  #wake(namespace: string | undefined): void {
    if (namespace === undefined) this.#signal.notifyAll();
    else this.#signal.notify(namespace);
  }

  #learn({ durability, limits }: ServerFacts): void {
    this.#durability = durability;
    this.#limits = { ...LIMITS, ...limits };
  }

  #engine() {
    const { runtime, operationTimeoutMs } = this.#setup;
    return {
      store: this.#store,
      lifecycle: this.#lifecycle,
      signal: this.#signal,
      clock: runtime.clock,
      timeoutMs: operationTimeoutMs,
    };
  }

  #sweep(): Promise<boolean> {
    const { operationTimeoutMs, expired } = this.#setup;
    const [store, ids] = [this.#store, this.#sweepIds];
    return sweepSlice({ store, ids, timeoutMs: operationTimeoutMs, expired });
  }

  #makeSweeper(): Sweeper {
    const { runtime, sweepIntervalMs, warn } = this.#setup;
    return new Sweeper({
      runtime,
      intervalMs: sweepIntervalMs,
      isHurried: () => this.#signal.hasWaiters,
      sweep: () => this.#sweep(),
      warn,
    });
  }

  #makeExtensions(): BackendExtensions {
    const run =
      <T>(call: (ctx: Context) => Promise<T>) =>
      (ctx: Context) =>
        this.#lifecycle.run(ctx, () => call(ctx));
    return {
      compact: run((ctx) => this.#compact(ctx)),
      verify: run((ctx) => verifyStore(this.#engine(), ctx)),
      ...(this.#store.flush !== undefined && { flush: run((ctx) => this.#flush(ctx)) }),
    };
  }

  async #flush(ctx: Context): Promise<void> {
    const [call, end] = callContext(ctx, this.#setup.operationTimeoutMs);
    try {
      await this.#store.flush?.(call);
    } finally {
      end();
    }
  }

  async #compact(ctx: Context): Promise<void> {
    const [call, end] = callContext(ctx, COMPACT_WITHIN_MS);
    try {
      for (let more = true; more; ) {
        more = await this.#sweep();
        this.#lifecycle.check(ctx);
      }
      await this.#store.compact(call);
    } finally {
      end();
    }
  }
}
