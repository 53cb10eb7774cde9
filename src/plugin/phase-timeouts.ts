import { parseTimeLimit, type Duration } from "../core/duration.js";
import { requireKnownOptions } from "../core/known-options.js";
import { messageOf } from "./plugin-error.js";

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

/** @throws TypeError naming the limit that does not exist, or is no duration above 0. */
export function parseTimeouts(given: PhaseTimeouts): PhaseTimeoutsMs {
  requireKnownOptions("timeouts", given, Object.keys(DEFAULT_TIMEOUTS));
  const parse = (phase: keyof PhaseTimeouts): number =>
    limitOf(phase, given[phase] ?? DEFAULT_TIMEOUTS[phase]);
  return Object.freeze({
    init: parse("init"),
    start: parse("start"),
    stop: parse("stop"),
    health: parse("health"),
  });
}

function limitOf(phase: keyof PhaseTimeouts, limit: Duration): number {
  try {
    return parseTimeLimit(`timeouts.${phase}`, limit);
  } catch (cause) {
    throw new TypeError(messageOf(cause), { cause });
  }
}
