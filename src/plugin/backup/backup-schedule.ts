import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { background, withCancel, type Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { CancelTimer } from "../../core/runtime.js";
import { settleWithin } from "../../core/settle-within.js";
import type { StoreLock } from "../../backends/files/store-lock.js";
import type { BackupSettings } from "../settings.js";
import type { Stack } from "../stack.js";
import { backupStore } from "./backup-store.js";
import { ScheduledFolder, SCHEDULED } from "./scheduled-folder.js";

export interface BackupScheduleSetup {
  readonly fs: FileSystem;
  readonly lock: StoreLock;
  readonly settings: BackupSettings;
  /** The open stack. */
  readonly stack: () => Stack;
  readonly warn: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** What became of the backups of a schedule since it was started. */
export interface BackupScheduleState {
  readonly made: number;
  readonly failed: number;
  /** When the newest one was begun, also by an earlier process, in milliseconds since the Unix epoch. */
  readonly newestMs: number | undefined;
  /** Why the last try failed; undefined when it did not. */
  readonly failure: string | undefined;
}

/** A failed backup is tried again at the latest after this long. */
const RETRY_MS = 10 * 60_000;
const LOCK_FILE = "schedule.lock";

/**
 * Makes backups at intervals and removes those that are too many. What fails is told to `warn` and in the state, and never
 * thrown; of several processes with the same folder one makes the backups.
 */
export class BackupSchedule {
  readonly #setup: BackupScheduleSetup;
  readonly #folder: ScheduledFolder;
  readonly #ctx: Context;
  readonly #cancel: () => void;
  #cancelTimer: CancelTimer = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #startedMs = 0;
  #made = 0;
  #failed = 0;
  #newestMs: number | undefined;
  #failure: string | undefined;

  constructor(setup: BackupScheduleSetup) {
    this.#setup = setup;
    const { fs, settings, stack, warn } = setup;
    this.#folder = new ScheduledFolder(fs, settings.path, () => stack().keys, warn);
    [this.#ctx, this.#cancel] = withCancel(background());
  }

  get state(): BackupScheduleState {
    return {
      made: this.#made,
      failed: this.#failed,
      newestMs: this.#newestMs,
      failure: this.#failure,
    };
  }

  /** Begins: at once when no backup of the last interval is there. */
  start(): void {
    this.#startedMs = this.#setup.stack().runtime.clock.wall();
    this.#after(0);
  }

  /** Ends: a backup that is being made is cancelled, and leaves nothing. */
  async stop(ctx: Context): Promise<void> {
    this.#cancelTimer();
    this.#cancel();
    await settleWithin(ctx, this.#running);
  }

  #after(delayMs: number): void {
    const { timers } = this.#setup.stack().runtime;
    this.#cancelTimer = timers.after(delayMs, () => {
      this.#running = this.#turn();
    });
  }

  async #turn(): Promise<void> {
    const delayMs = await this.#makeIfDue().catch((error: unknown) => this.#fail(error));
    if (this.#ctx.err() === undefined) this.#after(delayMs);
  }

  /** Milliseconds until the next look. */
  async #makeIfDue(): Promise<number> {
    const { fs, lock, settings } = this.#setup;
    await fs.makeDir(settings.path);
    const held = await lock
      .acquire(join(settings.path, LOCK_FILE))
      .catch((error: unknown) => this.#wait(error));
    if (held === undefined) return settings.intervalMs;
    try {
      return await this.#makeAlone();
    } finally {
      await held.release();
    }
  }

  /**
   * Another process makes the backups, as long as it does: a lock whose owner cannot be judged from here, because it was
   * in another container, may be nobody's.
   */
  async #wait(error: unknown): Promise<undefined> {
    const isLocked = error instanceof StorageFault && error.reason === "locked";
    if (!isLocked) throw error;
    this.#newestMs = (await this.#folder.read()).newest?.createdAt.getTime();
    const sinceMs = Math.max(this.#newestMs ?? 0, this.#startedMs);
    if (this.#setup.stack().runtime.clock.wall() - sinceMs <= 2 * this.#setup.settings.intervalMs) {
      this.#failure = undefined;
      return;
    }
    const what = "another process holds the lock of the schedule, and has made no backup for two intervals";
    throw new StorageFault("locked", `${what}; remove the lock file if there is none: ${error.message}`);
  }

  async #makeAlone(): Promise<number> {
    const { settings, stack } = this.#setup;
    const { clock } = stack().runtime;
    await this.#folder.removeRemains();
    const found = await this.#folder.read();
    this.#newestMs = found.newest?.createdAt.getTime();
    const dueInMs = this.#newestMs === undefined ? 0 : this.#newestMs + settings.intervalMs - clock.wall();
    // A clock that was set back must not put off the next one for longer than an interval.
    if (dueInMs > 0 && dueInMs <= settings.intervalMs) return dueInMs;
    const base = await found.baseForNext(settings.fullEvery, this.#isEncrypted);
    this.#newestMs = await this.#make(base, clock.wall());
    this.#made += 1;
    this.#failure = undefined;
    await this.#folder.keepNewest(settings.keep);
    return settings.intervalMs;
  }

  get #isEncrypted(): boolean {
    return this.#setup.stack().settings.encryption.backupKey !== undefined;
  }

  async #make(base: string | undefined, nowMs: number): Promise<number> {
    const { fs, settings, stack } = this.#setup;
    const target = join(settings.path, newName(nowMs));
    const setup = { fs, stack: stack(), ctx: this.#ctx, origin: "schedule" } as const;
    const options = {
      compression: settings.compression,
      ...(this.#isEncrypted && { encryption: true as const }),
    };
    try {
      await backupStore(setup, target, { ...options, ...(base !== undefined && { base }) });
    } catch (error) {
      const lacksKey = error instanceof StorageFault && error.reason === "wrong-key";
      if (base === undefined || !lacksKey) throw error;
      // Values of the base are under a key that was taken away since; a full one does not need it.
      await backupStore(setup, target, options);
    }
    return nowMs;
  }

  #fail(error: unknown): number {
    const { settings, warn } = this.#setup;
    if (this.#ctx.err() === undefined) {
      this.#failed += 1;
      this.#failure = error instanceof Error ? error.message : String(error);
      warn(`a scheduled backup failed: ${this.#failure}`, { cause: error, path: settings.path });
    }
    return Math.min(settings.intervalMs, RETRY_MS);
  }
}

function newName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  return `${SCHEDULED}${time}-${randomBytes(3).toString("hex")}`;
}
