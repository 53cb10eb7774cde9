import { parseDuration, type Duration } from "../core/duration.js";

/** How long one plugin may take in each phase. */
export interface PhaseTimeouts {
  /** Default "10s". */
  readonly init?: Duration;
  /** Default "30s"; recovering a large store takes its time. Also for `reconfigure`. */
  readonly start?: Duration;
  /** Default "30s". */
  readonly stop?: Duration;
  /** Default "5s". */
  readonly health?: Duration;
}

/** The same in milliseconds, none left out. */
export type PhaseTimeoutsMs = Readonly<Record<keyof PhaseTimeouts, number>>;

const DEFAULT_TIMEOUTS = { init: "10s", start: "30s", stop: "30s", health: "5s" } as const;

/** @throws StorageFault `invalid-ttl` when a limit is no duration. */
export function parseTimeouts(given: PhaseTimeouts): PhaseTimeoutsMs {
  const parse = (phase: keyof PhaseTimeouts): number =>
    parseDuration(given[phase] ?? DEFAULT_TIMEOUTS[phase]);
  return Object.freeze({
    init: parse("init"),
    start: parse("start"),
    stop: parse("stop"),
    health: parse("health"),
  });
}
