/** Restores a backup into a store in memory, and tells how that ended and how much memory the process has taken at most. */
import { existsSync, readFileSync } from "node:fs";
import { resourceUsage } from "node:process";
import { background, openStorage, StorageError, type GivenKeys } from "../../../src/index.js";
import { taskOf, tell } from "../../support/store-process.js";

export interface RestoreTask {
  readonly backup: string;
  readonly encryption?: GivenKeys;
}

export interface RestoreVerdict {
  /** 0 when it was restored. */
  readonly code: number;
  readonly message: string;
  /** Keys that the store holds afterwards. */
  readonly keys: number;
  /** In bytes. */
  readonly memory: number;
}

/** The most that has been resident. On Linux `maxRSS` begins with what the process had that started this one. */
function peakKib(): number {
  const status = "/proc/self/status";
  const known = existsSync(status)
    ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1]
    : undefined;
  return known === undefined ? resourceUsage().maxRSS : Number(known);
}

const ctx = background();
const { backup, encryption } = taskOf<RestoreTask>();
await using storage = await openStorage();
const error: unknown = await storage
  .restore(ctx, backup, encryption === undefined ? {} : { encryption })
  .then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
const code = error instanceof StorageError ? error.code : 0;
const verdict: RestoreVerdict = {
  code,
  message: String(error),
  keys: await storage.size(ctx),
  memory: peakKib() * 1024,
};
tell(verdict);
