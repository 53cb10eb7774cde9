import { processLock } from "../../backends/files/process-lock.js";
import type { Context } from "../../core/context.js";
import type { FileSystem } from "../../core/file-system.js";
import type { OnProgress } from "../progress-teller.js";
import type { Stack } from "../stack.js";
import type { BackupSettings } from "../settings.js";
import { BackupSchedule, type BackupScheduleSetup } from "./backup-schedule.js";
import { checkBackupOptions, type BackupOptions, type BackupResult } from "./backup-options.js";
import { backupStore } from "./backup-store.js";
import { planRestore, type RestoreOptions, type RestoreResult } from "./restore-options.js";
import { restoreStore } from "./restore-store.js";

/** What a callback of the caller threw: no failure of the store, and handed on as it is. */
export class CallbackFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super("a callback of the caller failed");
    this.error = error;
  }
}

/** The body of `StoragePlugin.backup`. */
export function runBackup(
  stack: Stack,
  ctx: Context,
  target: string,
  options: BackupOptions,
): Promise<BackupResult | CallbackFailure> {
  return caught(async () => {
    checkBackupOptions(target, options);
    const onProgress = told(options.onProgress);
    const setup = { fs: await diskFiles(), stack, ctx, origin: "call" } as const;
    return backupStore(setup, target, { ...options, ...(onProgress !== undefined && { onProgress }) });
  });
}

/** The body of `StoragePlugin.restore`. */
export function runRestore(
  stack: Stack,
  ctx: Context,
  source: string,
  options: RestoreOptions,
): Promise<RestoreResult | CallbackFailure> {
  return caught(async () => {
    const plan = planRestore(source, options);
    const fs = await diskFiles();
    return restoreStore({ fs, stack, ctx, plan: { ...plan, onProgress: told(plan.onProgress) } }, source);
  });
}

/** Begins what the section `backup` of the configuration asks for. */
export async function beginSchedule(
  settings: BackupSettings,
  stack: () => Stack,
  warn: BackupScheduleSetup["warn"],
): Promise<BackupSchedule> {
  const schedule = new BackupSchedule({ fs: await diskFiles(), lock: processLock, settings, stack, warn });
  schedule.start();
  return schedule;
}

/** Loaded when it is needed, because it brings a package along. */
export async function diskFiles(): Promise<FileSystem> {
  const { nodeFileSystem } = await import("../../backends/files/node-file-system.js");
  return nodeFileSystem;
}

/** Marks what the caller's own function throws, so that it can be told from other failures. */
function told<P>(onProgress: OnProgress<P> | undefined): OnProgress<P> | undefined {
  if (onProgress === undefined) return undefined;
  return async (progress) => {
    try {
      await onProgress(progress);
    } catch (error) {
      throw new CallbackFailure(error);
    }
  };
}

async function caught<T>(body: () => Promise<T>): Promise<T | CallbackFailure> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof CallbackFailure) return error;
    throw error;
  }
}
