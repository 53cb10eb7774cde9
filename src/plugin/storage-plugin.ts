import { defaultBackends, type BackendRegistry } from "../backends/registry.js";
import { defaultCodecs, type CodecRegistry } from "../core/codec-registry.js";
import type { Backend } from "../backends/backend.js";
import { background, requireContext, type Context } from "../core/context.js";
import { StorageFault } from "../core/errors.js";
import { checkNamespace } from "../core/key.js";
import { asOperation } from "../core/operation.js";
import { EVERYTHING } from "../core/range.js";
import { systemRuntime, type Runtime } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import type { KeyRing } from "../sealing/key-ring.js";
import { storageMetrics } from "../observability/storage-metrics.js";
import { cacheStats, NO_CACHE, type CacheStats } from "../observability/cache-stats.js";
import { CallbackFailure, caught, marked } from "./callback-failure.js";
import type { BackupOptions, BackupResult } from "./backup/backup-options.js";
import type { BackupSchedule } from "./backup/backup-schedule.js";
import { scheduleHealth, scheduleMetrics } from "./backup/schedule-report.js";
import type { RestoreOptions, RestoreResult } from "./backup/restore-options.js";
import { readKeys } from "./config/read-keys.js";
import { resolveSettings } from "./config/resolve-settings.js";
import { NamespaceAccess } from "./namespace-access.js";
import { NamespaceStorage } from "./namespace-storage.js";
import type { ConfigSection, Health, Metric, Plugin, PluginHost, ReconfigureOutcome } from "./plugin.js";
import type { ResolvedSettings, StorageSettings } from "./settings.js";
import { differsOnlyInTunables } from "./tunables.js";
import { rebuildStack } from "./stack.js";
import { rememberStore, StackSlot } from "./stack-slot.js";
import { storageHealth } from "./storage-health.js";
import type { Storage } from "./storage.js";
import { ROOT_STORAGE, STORAGE } from "./storage-tokens.js";
import { warnProcess } from "./process-warning.js";
import { ProgressTeller, requireProgress } from "./progress-teller.js";
import type { StoragePluginOptions } from "./storage-plugin-options.js";
import { StoreOpening } from "./store-opening.js";
import { inspectStore, type StoreInfo } from "./store-info.js";
import { dropOrphans } from "./orphans.js";
import { listLiveNamespaces } from "./live-namespaces.js";
import type { RekeyOptions, RekeyResult } from "./rekey-store.js";
import { requireKnownOptions } from "../core/known-options.js";
import type { StoreVerification, VerifyOptions } from "./verify-store.js";

const seldomCalls = () => import("./seldom-calls.js");

const OPTION_NAMES = ["settings", "backends", "codecs", "runtime", "id", "warn"];

/**
 * The storage plugin: the root namespace, and everything that concerns the store as a whole. A host gives it to its
 * registry; without a host `openStorage` makes one that is started.
 */
export class StoragePlugin extends NamespaceStorage implements Plugin, Storage, AsyncDisposable {
  readonly id: string;
  readonly version = "0.1.0";
  readonly provides = [STORAGE, ROOT_STORAGE];
  readonly #slot: StackSlot;
  readonly #backends: BackendRegistry;
  readonly #codecs: CodecRegistry;
  readonly #runtime: Runtime;
  #warn: NonNullable<StoragePluginOptions["warn"]>;
  readonly #given: StorageSettings;
  #settings: StorageSettings | ConfigSection;
  readonly #opening = new StoreOpening();
  #starting: Promise<void> | undefined;
  #backend: Backend | undefined;
  #schedule: BackupSchedule | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws TypeError for options that do not exist; the settings of the store belong in `settings`. */
  constructor(options: StoragePluginOptions = {}) {
    requireKnownOptions("StoragePlugin", options, OPTION_NAMES);
    const slot = new StackSlot();
    super(slot, "");
    this.#slot = slot;
    rememberStore(this, slot);
    this.id = options.id ?? "storage";
    this.#backends = options.backends ?? defaultBackends();
    this.#codecs = options.codecs ?? defaultCodecs();
    this.#runtime = options.runtime ?? systemRuntime;
    this.#given = options.settings ?? {};
    this.#settings = this.#given;
    this.#warn = options.warn ?? warnProcess;
  }

  /** Takes the configuration and offers the storage to other plugins. @throws ConfigError when it is wrong. */
  async init(_ctx: Context, host: PluginHost): Promise<void> {
    this.#settings = this.#sectionOr(host.config);
    this.#warn = (message, details) => host.warn(message, details);
    this.#readKeys(this.#resolve(this.#settings));
    host.provide(ROOT_STORAGE, this);
    host.provideEach(STORAGE, (pluginId) => this.namespace(pluginId));
  }

  /**
   * Opens the store. Rejects with 5001 or 5003 and the reason when the backend cannot be opened, or not before the context
   * is over: nothing of it stays open then. A second call joins the first.
   */
  async start(ctx: Context): Promise<void> {
    if (this.#slot.isOpen) return;
    requireContext(ctx);
    this.#starting ??= this.#start(ctx).finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  async #start(ctx: Context): Promise<void> {
    const settings = this.#resolve(this.#settings);
    const forms = { codecs: this.#codecs, keys: this.#readKeys(settings) };
    this.#slot.backendName = settings.backend;
    await asOperation({ operation: "open", access: "read", backend: settings.backend }, async () => {
      const setup = { settings, forms, backends: this.#backends, runtime: this.#runtime, warn: this.#warn };
      const { backend, stack } = await this.#opening.open(ctx, setup);
      this.#backend = backend;
      this.#slot.open(stack);
    });
    if (settings.backup === undefined) return;
    const { beginSchedule } = await seldomCalls();
    this.#schedule = await beginSchedule(settings.backup, () => this.#slot.stack, this.#warn);
  }

  /**
   * Ends the store: new calls reject with `closed`, open transactions are aborted, commits under way are finished and
   * made durable. A second call waits for the first, and does nothing by itself. A start under way is waited for.
   */
  async stop(ctx: Context = background()): Promise<void> {
    if (this.#starting !== undefined)
      await settleWithin(
        ctx,
        this.#starting.catch(() => undefined),
      );
    const backend = this.#backend;
    if (backend === undefined) {
      await this.#opening.settled(ctx);
      return this.#stopping;
    }
    this.#backend = undefined;
    const details = { operation: "close", access: "write", backend: backend.info.name } as const;
    this.#stopping = asOperation(details, () => this.#end(backend, ctx)).catch((error: unknown) => {
      // Only this caller ran out of time; what is still to be closed goes on, and the next call waits for that.
      if (ctx.err() !== undefined) this.#stopping = undefined;
      throw error;
    });
    await this.#stopping;
  }

  async #end(backend: Backend, ctx: Context): Promise<void> {
    try {
      if (!this.#slot.isOpen) return;
      const { services, follower, deadItems } = this.#slot.stack;
      this.#slot.close();
      follower?.stop();
      await this.#schedule?.stop(ctx);
      services.open.abortAll(new StorageFault("closed", "the store is closed"));
      try {
        await settleWithin(ctx, services.pump.drained());
      } finally {
        await deadItems.stop(ctx);
      }
    } finally {
      await this.#opening.close(ctx, backend);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * `down` while the store is not open, or when another process has taken it over; `degraded` from a write that failed,
   * for a reason that is not its own, until one succeeds, or when the last scheduled backup failed.
   */
  async health(_ctx: Context): Promise<Health> {
    if (!this.#slot.isOpen) return { status: "down", message: "the store is not open" };
    const { failure } = this.#slot.stack.backend.writeHealth;
    return storageHealth(failure, this.#schedule && scheduleHealth(this.#schedule.state));
  }

  /** Applies changed settings of cache and transactions at once; anything else needs a restart. */
  async reconfigure(_ctx: Context, config: ConfigSection): Promise<ReconfigureOutcome> {
    const chosen = this.#sectionOr(config);
    const settings = this.#resolve(chosen);
    if (!this.#slot.isOpen) {
      this.#settings = chosen;
      return "applied";
    }
    const { stack } = this.#slot;
    if (!differsOnlyInTunables(stack.settings, settings)) return "restart-required";
    const rebuilt = await rebuildStack(stack, settings);
    this.#settings = chosen;
    // It may have been stopped meanwhile; the next start takes the new settings.
    if (this.#slot.isOpen) this.#slot.open(rebuilt);
    return "applied";
  }

  metrics(): readonly Metric[] {
    if (!this.#slot.isOpen) return [];
    const scheduled = this.#schedule === undefined ? [] : scheduleMetrics(this.#schedule.state);
    return [...storageMetrics(this.#slot.stack), ...scheduled];
  }

  /** The names of the namespaces that hold live keys, in key order; "" among them when the root does. */
  listNamespaces(ctx: Context): Promise<string[]> {
    return this.#whole("listNamespaces", "read", ctx, async () => listLiveNamespaces(this.#slot.stack, ctx));
  }

  /** Removes every key of one namespace; how many there were. */
  clearNamespace(ctx: Context, name: string): Promise<number> {
    const clear = async () => {
      checkNamespace(name);
      const access = new NamespaceAccess(this.#slot, name, undefined);
      const everything = { kind: "delete-range", range: EVERYTHING } as const;
      return (await access.commit(this.#slot.stack, ctx, [everything])).removed;
    };
    // What is no text is refused in a moment, and must not stand in an error before that.
    return this.#whole("clearNamespace", "write", ctx, clear, typeof name === "string" ? name : undefined);
  }

  /** Empties the cache and zeroes its statistics; nothing when there is no cache. */
  clearCache(ctx: Context): Promise<void> {
    return this.#whole("clearCache", "write", ctx, async () => {
      const { cache, follower } = this.#slot.stack;
      cache?.clear();
      follower?.reset();
    });
  }

  getCacheStats(ctx: Context): Promise<CacheStats> {
    return this.#whole("getCacheStats", "read", ctx, async () => {
      const { cache, follower } = this.#slot.stack;
      return cache === undefined ? NO_CACHE : cacheStats(cache, follower);
    });
  }

  /** What the store is and holds; looks at every key's header. */
  info(ctx: Context): Promise<StoreInfo> {
    return this.#whole("info", "read", ctx, async () => inspectStore(this.#slot.stack, ctx));
  }

  /** Resolves when everything written so far is as durable as the backend can make it. */
  flush(ctx: Context): Promise<void> {
    return this.#whole("flush", "write", ctx, async () => {
      const { backend, services } = this.#slot.stack;
      await settleWithin(ctx, services.pump.drained());
      await backend.writeHealth.flushed(ctx, backend.extensions.flush?.(ctx));
    });
  }

  /**
   * Gives up the space of dead data, where the backend keeps any, and of what structures left behind whose process was
   * killed just when they ended.
   */
  compact(ctx: Context): Promise<void> {
    return this.#whole("compact", "write", ctx, async () => {
      await dropOrphans(this.#slot.stack, ctx);
      await this.#slot.stack.backend.extensions.compact?.(ctx);
    });
  }

  /**
   * Reads and checks everything stored, the backend's own files included; what is wrong is reported, not thrown.
   *
   * @param options `acceptEdits`: what somebody did by hand to the file of a key becomes a commit, where a backend keeps
   * such files: an edited file is a `set`, a missing one a `delete`. What does not decode stays a problem.
   * `repair`: writes what is undamaged into another store, which must be empty (`not-empty`), and never changes this one;
   * the report then says what was salvaged and what was lost.
   * `onProgress`: told how far it is; what it throws ends the call, and rejects as it is.
   */
  verify(ctx: Context, options: VerifyOptions = {}): Promise<StoreVerification> {
    const writes = options?.acceptEdits === true || options?.repair !== undefined;
    return this.#withCallback("verify", writes ? "write" : "read", ctx, () =>
      caught(() => this.#verify(ctx, options)),
    );
  }

  async #verify(ctx: Context, options: VerifyOptions): Promise<StoreVerification> {
    const { repair } = options;
    requireKnownOptions("verify", options, ["acceptEdits", "repair", "onProgress"]);
    requireProgress(options.onProgress);
    const { stack } = this.#slot;
    const teller = new ProgressTeller(this.#runtime.clock, marked(options.onProgress));
    const { salvageStore, salvageTarget, verifyDamaged, verifyStore } = await seldomCalls();
    if (repair === undefined) return verifyStore(stack, ctx, options, teller);
    requireKnownOptions("repair", repair, ["into"]);
    const others = { backends: this.#backends, runtime: this.#runtime, warn: this.#warn };
    const open = (settings: StorageSettings) => new StoragePlugin({ settings, ...others });
    const into = salvageTarget(repair.into, this.#slot, open);
    const report = await verifyDamaged(stack, ctx, options, teller);
    return { ...report, repair: await into((other) => salvageStore(stack, other, ctx, teller), ctx) };
  }

  /**
   * Writes everything that the store holds into a new folder, while others go on writing: each namespace as it was at
   * exactly one of its commits, with values as they are stored, deadlines as moments of the backend's clock, and without
   * what has expired; encrypted as a whole when `encryption` says so. Memory stays bounded. The folder appears under its
   * name when all of it is durable.
   *
   * Rejects with 5001 and the reason when the store cannot be read, `outrun` when others write faster than the backup
   * can follow, `cancelled` or `timeout` when the context is over; with 5002 `not-empty` when the target is there
   * already, and any reason that writing files has; with 5003 when what is stored, or the base, is damaged or is part of a
   * restore that did not finish, `wrong-key` when the base or values in it are under a key that is not here; with a TypeError
   * for options that do not exist or do not fit, keys that cannot be had among them.
   *
   * @param target the path of a folder that does not exist yet; missing parents are made. All of it is private to the user.
   */
  backup(ctx: Context, target: string, options: BackupOptions = {}): Promise<BackupResult> {
    return this.#withCallback("backup", "read", ctx, async () => {
      const { stack } = this.#slot;
      const { runBackup } = await seldomCalls();
      return runBackup(stack, ctx, target, options);
    });
  }

  /**
   * Writes what a backup holds into this store: all of it, or one namespace. Everything is read and checked first, the
   * bases of an incremental backup too, in bounded memory; only then the first entry is written. Entries get versions of
   * their own; times to live go on as the moments they were. Others must not write there meanwhile.
   *
   * A restore that ends early, by its context, an error or a kill, leaves part of the backup: `verify` reports it, and
   * another restore refuses it until it is called with `replace: true`.
   *
   * Rejects with 5003, the file and mostly the line when the backup is damaged, not one, of a newer format, or under a key
   * that is neither the store's nor given (`wrong-key`, which names it); with 5001 and
   * the reason when its files cannot be read; with 5002 `not-empty` when what is restored into is not, and `replace` is
   * not given, `invalid-namespace` when the backup holds no namespace of that name, `too-large` when the store does not
   * take a value of that size, `cancelled` or `timeout` when the context is over, and any other reason of a failed write;
   * with a TypeError for options that do not exist or do not fit.
   *
   * @param source the folder of a backup.
   */
  restore(ctx: Context, source: string, options: RestoreOptions = {}): Promise<RestoreResult> {
    return this.#withCallback("restore", "write", ctx, async () => {
      const { stack } = this.#slot;
      const { runRestore } = await seldomCalls();
      return runRestore(stack, ctx, source, options);
    });
  }

  /** As `#whole`, for a call that calls back: what the caller's own function threw is no failure of the store. */
  async #withCallback<R extends object>(
    operation: string,
    access: "read" | "write",
    ctx: Context,
    body: () => Promise<R | CallbackFailure>,
  ): Promise<R> {
    const answer = await this.#whole(operation, access, ctx, body);
    if (answer instanceof CallbackFailure) throw answer.error;
    return answer;
  }

  /**
   * Writes every value that is not encrypted with the active key once more, plain ones and items of structures included;
   * without an active key every encrypted one is written plain. Others go on reading and writing meanwhile: each value is
   * a commit of its own that changes nothing but the version, if nobody else changed it; watchers see a `set`. Called
   * again, after an interruption too, it finds what is left. What cannot be opened is left as it is, counted, and
   * reported. Where others keep writing with another key, faster than it can follow, it gives up: `outrun`. Rejects with
   * 5002 `unsupported` when there are no keys.
   */
  rekey(ctx: Context, options: RekeyOptions = {}): Promise<RekeyResult> {
    return this.#whole("rekey", "write", ctx, async () => {
      requireKnownOptions("rekey", options, ["onProgress"]);
      const { stack } = this.#slot;
      const { rekeyStore } = await seldomCalls();
      return rekeyStore(stack, ctx, options);
    });
  }

  /** Without a section of its own the plugin goes by the settings that it was made with. */
  #sectionOr(section: ConfigSection): StorageSettings | ConfigSection {
    return section.value === undefined ? this.#given : section;
  }

  #resolve(settings: StorageSettings | ConfigSection): ResolvedSettings {
    return resolveSettings(settings, { backends: this.#backends.names, codecs: this.#codecs.names });
  }

  #readKeys({ encryption }: ResolvedSettings): KeyRing {
    const settings = this.#settings;
    return readKeys(
      encryption,
      typeof settings.locate === "function" ? (settings as ConfigSection) : undefined,
    );
  }

  #whole<R>(
    operation: string,
    access: "read" | "write",
    ctx: Context,
    body: () => Promise<R>,
    namespace?: string,
  ): Promise<R> {
    return asOperation({ operation, access, backend: this.#slot.backendName, namespace }, async () => {
      requireContext(ctx);
      const over = this.#slot.stack && ctx.err();
      if (over !== undefined) throw over;
      return body();
    });
  }
}
