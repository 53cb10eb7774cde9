/**
 * The process that a kill -9 of a backup or a restore ends: makes backups of a store in memory one after another, or restores
 * one into a file until it has made some commits, and tells what it has done.
 */
import { join } from "node:path";
import { background, openStorage } from "../../src/index.js";
import { taskOf, tell } from "../support/store-process.js";
import { openTapped } from "../support/tapped-store.js";

export interface BackupTask {
  readonly job: "backup" | "restore";
  readonly folder: string;
  /** How many entries the store has that is backed up. */
  readonly entries: number;
  /** Of a restore: it goes no further than this commit. */
  readonly commits?: number;
}

const ctx = background();
const { job, folder, entries, commits = Infinity } = taskOf<BackupTask>();
const file = { path: join(folder, "store.json") };

if (job === "restore") {
  let made = 0;
  const afterCommit = async () => {
    made += 1;
    if (made < commits) return;
    tell("waiting");
    await new Promise(() => undefined);
  };
  const { storage } = await openTapped({ backend: "file", file }, { afterCommit });
  tell("ready");
  await storage.restore(ctx, join(folder, "backup"));
  tell("done");
} else {
  const storage = await openStorage();
  await storage.setBatch(ctx, new Map(Array.from({ length: entries }, (_, i) => [`k${i}`, i])));
  tell("ready");
  for (let i = 0; ; i++) {
    await storage.backup(ctx, join(folder, `backup-${i}`), { compression: i % 2 === 0 ? "none" : "gzip" });
    tell(i);
  }
}
