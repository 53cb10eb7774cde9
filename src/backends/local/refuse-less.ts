import { StorageFault } from "../../core/errors.js";
import type { BackendSetup, Durability } from "../backend.js";

const RANKS = { none: 0, interval: 0, process: 1, power: 2 } as const;

/**
 * Who asks for more than the server holds must not learn of it when data is gone. Who asks for nothing takes what the
 * server holds.
 *
 * @param settings of the server, by the level that needs them
 * @throws StorageFault `unsupported` with the settings that would hold what was asked for.
 */
export function refuseLess(
  held: Durability,
  asked: BackendSetup["durability"],
  settings: Readonly<Record<"power" | "process", string>>,
): void {
  if (asked === undefined || asked === "none" || asked === "interval" || RANKS[held] >= RANKS[asked]) return;
  throw new StorageFault(
    "unsupported",
    `durability ${asked} is asked for, but the server holds ${held}; configure it with ${settings[asked]}`,
  );
}
