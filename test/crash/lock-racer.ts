/**
 * Tries to take the lock at each path that its parent sends, or to open the directory store in it, and answers whether
 * it did. What it has, it keeps until it is told to let go.
 */
import type { Backend } from "../../src/backends/backend.js";
import { processLock } from "../../src/backends/files/process-lock.js";
import { background } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { CRASH_STORES, crashStoreIn } from "./crash-store.js";
import type { RacerTask } from "./lock-races.js";

const ctx = background();
let opened: Backend | undefined;

process.on("message", (task: RacerTask) => {
  void carryOut(task).then((answer) => process.send?.(answer));
});

async function carryOut(task: RacerTask): Promise<string> {
  if (task.kind === "lock")
    return await won(() => processLock.acquire(task.path).then((lock) => lock.isHeld()));
  if (task.kind === "open") return await won(() => open(task.folder));
  await opened?.close(ctx);
  opened = undefined;
  return "let go";
}

async function open(folder: string): Promise<boolean> {
  const store = await crashStoreIn(folder, CRASH_STORES.directory);
  await store.open(ctx);
  opened = store;
  return true;
}

async function won(take: () => Promise<boolean>): Promise<string> {
  try {
    return (await take()) ? "won" : "won, but not held";
  } catch (error) {
    return error instanceof StorageFault && error.reason === "locked" ? "locked" : String(error);
  }
}

process.send?.("ready");
