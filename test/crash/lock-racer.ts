/** Tries to take the lock at each path that its parent sends, and answers whether it did. */
import { processLock } from "../../src/backends/files/process-lock.js";
import { StorageFault } from "../../src/core/errors.js";

process.on("message", (path: string) => {
  void race(path).then((answer) => process.send?.(answer));
});

async function race(path: string): Promise<string> {
  try {
    const lock = await processLock.acquire(path);
    return (await lock.isHeld()) ? "won" : "won, but not held";
  } catch (error) {
    return error instanceof StorageFault && error.reason === "locked" ? "locked" : String(error);
  }
}

process.send?.("ready");
