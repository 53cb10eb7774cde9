import { StorageFault, type Outcome, type Reason } from "../../core/errors.js";

interface Translation {
  readonly reason: Reason;
  readonly advice: string;
}

const LOCKED: Translation = {
  reason: "busy",
  advice: "other processes kept the database locked until the deadline; try again, or give more time",
};
const UNKNOWN: Translation = { reason: "io", advice: "see the cause" };

/** SQLite's primary result codes. An extended one holds its primary one in the low byte. */
const TRANSLATIONS: ReadonlyMap<number, Translation> = new Map([
  [3, { reason: "read-only", advice: "make the file and its folder readable and writable for this user" }],
  [5, LOCKED],
  [6, LOCKED],
  [7, { reason: "io", advice: "the process has no memory left" }],
  [8, { reason: "read-only", advice: "make the file and its folder writable for this user" }],
  [9, { reason: "unavailable", advice: "the statement was interrupted; try again" }],
  [10, { reason: "io", advice: "check the disk and the system's log" }],
  [11, { reason: "checksum", advice: "the file is damaged; run verify, and restore it from a backup" }],
  [13, { reason: "no-space", advice: "free some space or raise the quota, then call again" }],
  [
    14,
    { reason: "io", advice: "the file cannot be opened; check the path, its folder and their permissions" },
  ],
  [15, LOCKED],
  [18, { reason: "too-large", advice: "split it" }],
  [23, { reason: "denied", advice: "the file may be encrypted, or the driver forbids the call" }],
  [
    26,
    { reason: "foreign", advice: "the file is no SQLite database; give another path, or move the file away" },
  ],
]);

const NAMES: ReadonlyMap<string, number> = new Map([
  ["SQLITE_PERM", 3],
  ["SQLITE_BUSY", 5],
  ["SQLITE_LOCKED", 6],
  ["SQLITE_NOMEM", 7],
  ["SQLITE_READONLY", 8],
  ["SQLITE_INTERRUPT", 9],
  ["SQLITE_IOERR", 10],
  ["SQLITE_CORRUPT", 11],
  ["SQLITE_FULL", 13],
  ["SQLITE_CANTOPEN", 14],
  ["SQLITE_PROTOCOL", 15],
  ["SQLITE_TOOBIG", 18],
  ["SQLITE_AUTH", 23],
  ["SQLITE_NOTADB", 26],
]);

/** SQLite's primary result code behind a driver's error; undefined when the error is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { rawCode, errcode, code } = error as { rawCode?: unknown; errcode?: unknown; code?: unknown };
  const number = rawCode ?? errcode;
  if (typeof number === "number") return number & 0xff;
  if (typeof code !== "string") return undefined;
  return NAMES.get(code.split("_").slice(0, 2).join("_"));
}

/** Whether the same call may succeed a moment later, because others hold a lock now. */
export function isLocked(error: unknown): boolean {
  return TRANSLATIONS.get(resultCode(error) ?? -1) === LOCKED;
}

/** Translates what SQLite said into a fault. A fault passes unchanged. @param doing such as `writing data/store.db`. */
export function sqliteFault(
  error: unknown,
  doing: string,
  details: { readonly outcome?: Outcome } = {},
): StorageFault {
  if (error instanceof StorageFault) return error;
  const { reason, advice } = TRANSLATIONS.get(resultCode(error) ?? -1) ?? UNKNOWN;
  const said = error instanceof Error ? error.message : String(error);
  return new StorageFault(reason, `${doing} failed (${said}); ${advice}`, { ...details, cause: error });
}
