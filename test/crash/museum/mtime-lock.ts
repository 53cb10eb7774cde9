import { open, stat, unlink, utimes } from "node:fs/promises";
import { errorCode } from "../../../src/backends/files/file-errors.js";
import type { StoreLock } from "../../../src/backends/files/store-lock.js";
import { StorageFault } from "../../../src/core/errors.js";

const STALE_MS = 10_000;

/** Takes an owner for dead whose file has not been touched for a while; while it runs, an owner touches it often enough. */
export const mtimeLock: StoreLock = {
  async acquire(path) {
    while (!(await created(path))) {
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs < STALE_MS) throw new StorageFault("locked", "its owner was here just now");
      await unlink(path);
    }
    const touching = setInterval(() => {
      const now = new Date();
      void utimes(path, now, now).catch(() => undefined);
    }, STALE_MS / 4);
    return {
      isHeld: async () => true,
      release: async () => {
        clearInterval(touching);
        await unlink(path).catch(() => undefined);
      },
    };
  },
};

async function created(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}
