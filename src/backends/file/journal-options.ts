import type { BackendSetup } from "../backend.js";

/** What the configured durability means for a journal. */
export interface JournalOptions {
  readonly durability: "power" | "process" | "interval" | "none";
  /** Whether a commit waits for its frame to be written. */
  readonly waits: boolean;
  /** Whether every frame is synced before the next is written. */
  readonly sync: boolean;
  /** Whether frames may be written while earlier ones are not durable. */
  readonly late: boolean;
  /** Time between two background writes, when there are any. */
  readonly intervalMs: number | undefined;
}

export function journalOptions(setup: BackendSetup): JournalOptions {
  const durability = setup.durability ?? "power";
  return {
    durability,
    waits: durability === "power" || durability === "process",
    sync: durability === "power",
    late: durability !== "power",
    intervalMs: durability === "interval" ? setup.durabilityIntervalMs : undefined,
  };
}
