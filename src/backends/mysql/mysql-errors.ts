import { StorageFault, type Reason } from "../../core/errors.js";

/** What mysql2 puts on its errors; `errno` is the server's number, or a negative one of the system. */
interface NativeError {
  readonly errno?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/** The server asks for rights once for each connection: that they were given back shows on another one. */
const LACKING: readonly number[] = [1044, 1142, 1143, 1227, 1370];

const REPEATED: ReadonlySet<number> = new Set([1020, 1213, 1615]);

/** The server's numbers by what they mean here; MariaDB and MySQL agree on those they share. */
const REASONS: readonly (readonly [reason: Reason, advice: string, numbers: readonly number[]])[] = [
  ["denied", "the server refuses this user", [1045, 1130, 1251, 1698, 1862, 3118, 3159, 4151]],
  ["denied", "this user lacks a right", LACKING],
  ["denied", "there is no such database", [1046, 1049]],
  ["read-only", "the server takes no writes: it is a replica, or read-only", [1290, 1792, 1836, 3100]],
  ["no-space", "the server's disk or table space is full", [1021, 1114, 3675]],
  ["too-large", "more than the server's max_allowed_packet", [1153, 1301, 30002]],
  ["too-large", "the server refuses something of this size", [1118, 1390, 1406]],
  ["timeout", "another commit held the namespace until the deadline", [1205]],
  ["timeout", "the server cancelled the statement at its deadline", [1317, 1969, 3024]],
  ["busy", "the server asks to try again", [...REPEATED]],
  ["busy", "the server lacks memory", [1037, 1038, 1041]],
  [
    "unavailable",
    "the server takes no more connections; lower mysql.pool or raise its max_connections",
    [1040, 1203, 1226],
  ],
  ["unavailable", "the server refuses this host after many errors", [1129]],
  [
    "unavailable",
    "the server is shutting down or ended this connection",
    [1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 4031],
  ],
  ["unsupported", "the server's binlog_format must be ROW or MIXED", [1665]],
  ["foreign", "a table or procedure of the store is gone; open the store again", [1146, 1305]],
  ["foreign", "a table of the store's name has other columns", [1054, 1136, 1318]],
  ["foreign", "the store's table of locks was changed", [30001]],
  ["checksum", "the server found damaged data", [1034, 1194, 1712]],
];

const BY_NUMBER = new Map(
  REASONS.flatMap(([reason, advice, numbers]) =>
    numbers.map((number) => [number, { reason, advice }] as const),
  ),
);

/** The server ended a statement because it was asked to, or because its time was over. The connection goes on. */
const ENDED: ReadonlySet<number> = new Set([1317, 1969, 3024]);
/** The server ended the connection, or is about to. */
const LOST: ReadonlySet<number> = new Set([
  1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 4031,
]);
/** A commit failed after it had begun. */
const COMMIT_FAILED = 1180;
/** How the servers report that the system's disk is full, when they have no number of their own for it. */
const DISK_FULL = /\b(?:errno|error|Errcode):? "?28\b/i;

/** System errors, and what the driver says of a connection that ended, have no number of the server. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof StorageFault) return false;
  const number = serverNumber(error);
  return number === undefined || LOST.has(number);
}

export function isEnded(error: unknown): boolean {
  const number = serverNumber(error);
  return number !== undefined && ENDED.has(number);
}

/** Whether the server asks for the same once more: it broke a deadlock, or a table was changed under a statement. */
export function isToRepeat(error: unknown): boolean {
  return REPEATED.has(serverNumber(error) ?? 0);
}

/** Whether the connection is to be given up, though the server answered on it. */
export function isStale(error: unknown): boolean {
  return LACKING.includes(serverNumber(error) ?? 0);
}

/** Whether it is not known what became of a write that failed so: the answer is missing, or the server broke off. */
export function isUnanswered(error: unknown): boolean {
  return (
    error instanceof StorageFault ||
    isConnectionLoss(error) ||
    isEnded(error) ||
    serverNumber(error) === COMMIT_FAILED
  );
}

/**
 * A native error as a fault. Its cause keeps message, code and number alone: the driver's own holds the statement, in
 * which values may stand.
 */
export function mysqlFault(error: unknown): StorageFault {
  if (error instanceof StorageFault) return error;
  const { code, message } = error as NativeError;
  const text = [message, code].find(isSaid) ?? "no reason given";
  const number = serverNumber(error);
  const cause = Object.assign(
    new Error(text),
    typeof code === "string" && { code },
    number !== undefined && { errno: number },
  );
  if (number === undefined) {
    return new StorageFault("unavailable", `the MySQL server cannot be reached: ${text}`, { cause });
  }
  const { reason, advice } = BY_NUMBER.get(number) ?? unlisted(text);
  return new StorageFault(reason, `${advice} (${number}: ${text})`, { cause });
}

function isSaid(text: unknown): text is string {
  return typeof text === "string" && text !== "";
}

function unlisted(text: string): { readonly reason: Reason; readonly advice: string } {
  if (DISK_FULL.test(text)) return { reason: "no-space", advice: "the server's disk is full" };
  return { reason: "io", advice: "the MySQL server failed" };
}

function serverNumber(error: unknown): number | undefined {
  const { errno } = (error ?? {}) as NativeError;
  return typeof errno === "number" && errno > 0 ? errno : undefined;
}
