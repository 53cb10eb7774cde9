import { StorageFault, type Reason } from "../../core/errors.js";

/** What is known of a native error: codes of five characters are the server's (SQLSTATE), others the system's. */
interface NativeError {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** Reasons by the first characters of SQLSTATE; a longer beginning goes before a shorter one. */
const REASONS: readonly (readonly [start: string, reason: Reason, advice: string])[] = [
  [
    "25006",
    "read-only",
    "the server takes no writes: it is a replica, or its transactions are read-only by default",
  ],
  ["40001", "busy", "the server asks to try again"],
  ["40P01", "busy", "the server ended a deadlock; try again"],
  ["55P03", "timeout", "another commit held the namespace until the deadline"],
  ["57014", "timeout", "the server cancelled the statement at its deadline"],
  ["53100", "no-space", "the server's disk is full"],
  ["53200", "busy", "the server is out of memory"],
  [
    "53300",
    "unavailable",
    "the server takes no more connections; lower postgres.pool or raise its max_connections",
  ],
  ["54", "too-large", "the server refuses something of this size"],
  ["28", "denied", "the server refuses this user; check postgres.user and postgres.password"],
  ["42501", "denied", "this user lacks a right"],
  ["3D000", "denied", "there is no such database"],
  ["3F000", "denied", "there is no such schema"],
  ["42P01", "foreign", "a table of the store is gone; open the store again"],
  ["42883", "foreign", "a function of the store is gone; open the store again"],
  ["42703", "foreign", "a table of the store's name has other columns"],
  ["08", "unavailable", "the connection to the server was lost"],
  ["57P", "unavailable", "the server is shutting down or starting"],
  ["53", "busy", "the server lacks resources"],
  ["58", "io", "the server met an error of its system"],
  ["XX001", "checksum", "the server found damaged data"],
  ["XX002", "checksum", "the server found a damaged index"],
];

/** How the driver begins when it cannot answer the server's question who it is. */
const LOGIN = /^SASL\b/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** System errors, and what the driver says of a connection that ended, have no SQLSTATE. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || code.startsWith("08") || code.startsWith("57P");
}

/**
 * A native error as a fault. Its cause keeps message and code alone: the driver's own holds details, in which the
 * server may quote values, and sometimes the connection with its settings.
 */
export function postgresFault(error: unknown): StorageFault {
  if (error instanceof StorageFault) return error;
  const { code, message } = error as NativeError;
  const text = typeof message === "string" && message !== "" ? message : "no reason given";
  const cause = Object.assign(new Error(text), typeof code === "string" && { code });
  const state = sqlState(error);
  if (state === undefined && LOGIN.test(text)) {
    return new StorageFault("denied", `the server asks for a password; give postgres.password (${text})`, {
      cause,
    });
  }
  if (state === undefined) {
    return new StorageFault("unavailable", `PostgreSQL cannot be reached: ${text}`, { cause });
  }
  const known = REASONS.find(([start]) => state.startsWith(start));
  if (known === undefined)
    return new StorageFault("io", `PostgreSQL failed with ${state}: ${text}`, { cause });
  const [, reason, advice] = known;
  return new StorageFault(reason, `${advice} (${state}: ${text})`, { cause });
}

function sqlState(error: unknown): string | undefined {
  const { code } = error as NativeError;
  return typeof code === "string" && SQLSTATE.test(code) ? code : undefined;
}
