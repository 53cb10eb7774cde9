import { processLock } from "../../backends/files/process-lock.js";
import type { Context } from "../../core/context.js";
import type { FileSystem } from "../../core/file-system.js";
import { caught, marked, type CallbackFailure } from "../callback-failure.js";
import type { Stack } from "../stack.js";
import type { BackupSettings } from "../settings.js";
import { BackupSchedule, type BackupScheduleSetup } from "./backup-schedule.js";
import { checkBackupOptions, type BackupOptions, type BackupResult } from "./backup-options.js";
import { backupStore } from "./backup-store.js";
import { planRestore, type RestoreOptions, type RestoreResult } from "./restore-options.js";
import { restoreStore } from "./restore-store.js";

/** The body of `StoragePlugin.backup`. */
export function runBackup(
  stack: Stack,
  ctx: Context,
  target: string,
  options: BackupOptions,
): Promise<BackupResult | CallbackFailure> {
  return caught(async () => {
    checkBackupOptions(target, options);
    const onProgress = marked(options.onProgress);
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
    return restoreStore({ fs, stack, ctx, plan: { ...plan, onProgress: marked(plan.onProgress) } }, source);
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
