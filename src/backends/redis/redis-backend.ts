import { background, withCancel, type Cancel, type Context } from "../../core/context.js";
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
  Durability,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  VerifyReport,
  Want,
} from "../backend.js";
import { Lifecycle } from "../local/lifecycle.js";
import { operationLimit } from "../local/operation-limit.js";
import { refuseLess } from "../local/refuse-less.js";
import { readChanges } from "./read-changes.js";
import { Committer } from "./committer.js";
import { sweepWhole, type SweepSetup } from "./expiry-sweep.js";
import { NameRegistry } from "./name-registry.js";
import type { Limited } from "./limited.js";
import { countRange, scanRange } from "./range-scan.js";
import { ReadGatherer } from "./read-gatherer.js";
import { RedisConnection } from "./redis-connection.js";
import { loadRedis } from "./redis-driver.js";
import { redisOptions, type RedisOptions } from "./redis-options.js";
import { checkCluster, checkServers } from "./server-settings.js";
import { selfTest } from "./self-test.js";
import { Spaces, type Space } from "./spaces.js";
import { verifyStore } from "./store-verify.js";
import { SweepTimers } from "./sweep-timers.js";
import { WakeUps } from "./wake-ups.js";

const MIB = 1024 * 1024;
/** The nodes of a cluster pass announcements on to one another without asking whether they arrive. */
const CLUSTER_LOOK_MS = 1000;
/** What the server must be set to for a level of durability. */
const NEEDED = { power: "appendonly yes and appendfsync always", process: "appendonly yes" } as const;

/**
 * Keeps everything at a server of Redis 7 or newer, Valkey, or a cluster of them, which other processes may use at the
 * same time. Options: see RedisOptionsInput; all may be left out.
 */
export const redisBackend: BackendFactory = (setup) => new RedisBackend(setup);

class RedisBackend implements Backend {
  readonly extensions: BackendExtensions;
  readonly #setup: BackendSetup;
  readonly #options: RedisOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #connection: RedisConnection;
  readonly #spaces: Spaces;
  readonly #registry: NameRegistry;
  readonly #reads: ReadGatherer;
  readonly #committer: Committer;
  readonly #wakeUps: WakeUps;
  readonly #sweeping: SweepSetup;
  #info: BackendInfo;
  #timers: SweepTimers | undefined;
  #endTimers: Cancel | undefined;

  constructor(setup: BackendSetup) {
    const { changes, expired, operationTimeoutMs, runtime, warn } = setup;
    const options = redisOptions(setup);
    this.#setup = setup;
    this.#options = options;
    this.#info = infoOf(options, "none");
    this.#connection = new RedisConnection(options, () => this.#missed());
    this.#spaces = new Spaces(options.prefix);
    this.#registry = new NameRegistry(this.#connection, this.#spaces, options.prefix, this.#limited);
    this.#reads = new ReadGatherer(this.#connection, operationTimeoutMs);
    this.#wakeUps = new WakeUps(this.#connection, runtime.timers, this.#lifecycle);
    const common = { connection: this.#connection, ids: new VersionSource(runtime.random), changes, expired };
    const { limits } = this.#info;
    const { registry, spaces } = { registry: this.#registry, spaces: this.#spaces };
    this.#committer = new Committer({ ...common, registry, spaces, limits, operationTimeoutMs, warn });
    this.#sweeping = common;
    this.extensions = { compact: (ctx) => this.#compact(ctx), verify: (ctx) => this.#verify(ctx) };
  }

  get info(): BackendInfo {
    return this.#info;
  }

  async open(ctx: Context): Promise<void> {
    await this.#lifecycle.open(ctx, async () => {
      const [limit, done] = operationLimit(ctx, this.#setup.operationTimeoutMs);
      try {
        await this.#connect(limit);
      } finally {
        done();
      }
      this.#startTimers();
    });
  }

  async close(_ctx: Context): Promise<void> {
    await this.#lifecycle.close(
      () => {
        this.#endTimers?.();
        this.#wakeUps.missed();
      },
      async () => {
        await this.#timers?.stop();
        this.#wakeUps.missed();
        this.#connection.close();
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
    const read = () => this.#reads.read(ctx, this.#spaces.of(namespace), keys, want);
    return await this.#lifecycle.run(ctx, read);
  }

  async *scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options: ScanOptions<W> = {},
  ): AsyncGenerator<ScanPage<W>> {
    this.#lifecycle.check(ctx);
    const space = this.#spaces.of(namespace);
    if (options.want === "count") {
      const page = await this.#limited(ctx, (limit) =>
        countRange(this.#sweeping, limit, space, range, options.limit),
      );
      yield page as ScanPage<W>;
      return;
    }
    yield* scanRange(this.#sweeping, this.#limited, ctx, space, range, options);
  }

  async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    this.#lifecycle.checkOpen();
    return await this.#lifecycle.track(() => this.#committer.commit(batches));
  }

  async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    { limit, waitMs = 0 }: ChangesOptions,
  ): Promise<ChangesResult> {
    const space = this.#spaces.of(namespace);
    const look = () => this.#limited(ctx, (end) => readChanges(this.#connection, end, space, after, limit));
    if (waitMs <= 0) return await look();
    const { clock } = this.#setup.runtime;
    const until = clock.monotonic() + waitMs;
    return await this.#lifecycle.run(ctx, async () => {
      for (;;) {
        const found = await this.#limited(ctx, (end) =>
          this.#wakeUps.listening(end, space, () => this.#lookOrWait(ctx, space, look, until)),
        );
        if (found !== undefined) return found;
      }
    });
  }

  /** The wait begins before the look: an announcement may arrive before the answer that has not seen its commit. */
  async #lookOrWait(
    ctx: Context,
    space: Space,
    look: () => Promise<ChangesResult>,
    until: number,
  ): Promise<ChangesResult | undefined> {
    const leftMs = until - this.#setup.runtime.clock.monotonic();
    const [waiting, stop] = withCancel(ctx);
    try {
      const woken = this.#wakeUps.wait(waiting, space, Math.max(0, Math.min(leftMs, this.#longestWaitMs)));
      const result = await look();
      if (result.lost || result.changes.length > 0 || leftMs <= 0) return result;
      await woken;
      return undefined;
    } finally {
      stop();
    }
  }

  get #longestWaitMs(): number {
    return this.#options.cluster === undefined ? Infinity : CLUSTER_LOOK_MS;
  }

  async *namespaces(ctx: Context): AsyncGenerator<readonly string[]> {
    this.#lifecycle.check(ctx);
    for await (const names of this.#registry.all(ctx)) {
      const held = await this.#limited(ctx, (limit) => this.#registry.held(limit, names));
      if (held.length > 0) yield held;
      this.#lifecycle.check(ctx);
    }
  }

  /** Runs what asks the server, as a call that `close` waits for, within the deadline that every operation has. */
  readonly #limited: Limited = (ctx, run) =>
    this.#lifecycle.run(ctx, async () => {
      const [limit, done] = operationLimit(ctx, this.#setup.operationTimeoutMs);
      try {
        return await run(limit);
      } finally {
        done();
      }
    });

  async #connect(limit: Context): Promise<void> {
    const { prefix, cluster } = this.#options;
    const driver = await loadRedis();
    await this.#connection.open(limit, driver);
    try {
      const nodes = await this.#connection.link.nodes();
      if (cluster !== undefined) await checkCluster(limit, nodes);
      const durability = await checkServers(limit, nodes, cluster !== undefined);
      refuseLess(durability, this.#setup.durability, NEEDED);
      await selfTest(limit, this.#connection, prefix, this.#setup.runtime.random);
      this.#info = infoOf(this.#options, durability);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  #startTimers(): void {
    const [ctx, cancel] = withCancel(background());
    this.#endTimers = cancel;
    this.#timers = new SweepTimers({
      ...this.#sweeping,
      ctx,
      registry: this.#registry,
      spaces: this.#spaces,
      watched: () => this.#wakeUps.watched,
      setup: this.#setup,
    });
    this.#timers.start();
  }

  #missed(): void {
    this.#spaces.forgetRegistered();
    this.#wakeUps.missed();
  }

  async #compact(ctx: Context): Promise<void> {
    await this.#lifecycle.run(ctx, async () => {
      for await (const names of this.#registry.all(ctx)) {
        for (const name of names) {
          await this.#limited(ctx, (limit) => sweepWhole(this.#sweeping, limit, this.#spaces.of(name)));
        }
      }
    });
  }

  async #verify(ctx: Context): Promise<VerifyReport> {
    const { connection } = this.#sweeping;
    const setup = { connection, registry: this.#registry, spaces: this.#spaces, limited: this.#limited };
    return await this.#lifecycle.run(ctx, () => verifyStore(setup, ctx));
  }
}

function infoOf({ maxBatch, cluster }: RedisOptions, durability: Durability): BackendInfo {
  return {
    name: "redis",
    capabilities: {
      persistent: true,
      shared: true,
      groupCommit: true,
      separateNamespaces: cluster !== undefined,
      compact: true,
      verify: true,
      flush: false,
      files: false,
      reportsExpired: true,
    },
    limits: { maxValueBytes: 64 * MIB, maxBatchEntries: maxBatch, maxBatchBytes: 64 * MIB },
    durability,
    entryHash: hashEntry,
  };
}
