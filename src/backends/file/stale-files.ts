import type { FileSystem } from "../../core/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { listStore } from "./recovery.js";
import type { StoreFile, StoreLayout } from "./store-layout.js";

/**
 * Removes what no longer counts: journals before the snapshot, backups beyond those to keep, parts of neither, and
 * what interrupted writes left. Not while a snapshot is being written.
 */
export async function removeStale(
  fs: FileSystem,
  layout: StoreLayout,
  snapshotEpoch: number,
  backupCount: number,
): Promise<void> {
  const files = await listStore(fs, layout);
  const backups = files.filter((file) => file.kind === "backup").map((file) => file.epoch);
  const kept = new Set(backups.sort((a, b) => b - a).slice(0, backupCount));
  for (const file of files) {
    if (isStale(file, snapshotEpoch, kept)) await removeIfPresent(fs, file.path);
  }
}

function isStale(
  { kind, epoch }: StoreFile,
  snapshotEpoch: number,
  keptBackups: ReadonlySet<number>,
): boolean {
  if (kind === "leftover") return true;
  if (kind === "journal") return epoch < snapshotEpoch;
  if (kind === "backup") return !keptBackups.has(epoch);
  return epoch !== snapshotEpoch && !keptBackups.has(epoch);
}
