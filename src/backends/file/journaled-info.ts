import { hashEntry } from "../../core/range-digest.js";
import type { BackendInfo, Durability } from "../backend.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { processLock } from "../files/process-lock.js";
import type { JournalOptions } from "./journal-options.js";
import type { StorePlace } from "./open-store.js";

const MIB = 1024 * 1024;

/** What a store with a journal stands on; replaced in tests. */
export type Surroundings = Pick<StorePlace, "fs" | "lock" | "sizes">;

export const MACHINE: Surroundings = {
  fs: nodeFileSystem,
  lock: processLock,
  sizes: { segmentBytes: MIB, partBytes: 32 * MIB, compactBytes: 64 * MIB },
};

export const LIMITS = { maxValueBytes: 64 * MIB, maxBatchEntries: 100_000, maxBatchBytes: 256 * MIB };

/** Expired entries removed in one commit. */
export const SWEEP_ENTRIES = 1024;

const HELD = { power: "power", process: "process", interval: "none", none: "none" } as const satisfies Record<
  string,
  Durability
>;

export function journaledInfo(name: string, { durability }: JournalOptions): BackendInfo {
  return {
    name,
    capabilities: {
      persistent: true,
      shared: false,
      groupCommit: true,
      compact: true,
      verify: true,
      flush: true,
      files: true,
      reportsExpired: true,
    },
    limits: LIMITS,
    durability: HELD[durability],
    entryHash: hashEntry,
  };
}
