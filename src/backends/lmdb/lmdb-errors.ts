import { StorageFault, type Reason } from "../../core/errors.js";
import { errorCode, fileFault } from "../files/file-errors.js";

const ENOENT = 2;

interface Translation {
  readonly reason: Reason;
  readonly advice: string;
}

const ROOM: Translation = {
  reason: "no-space",
  advice: "free some space or raise the quota, then call again",
};
const FORBIDDEN: Translation = {
  reason: "read-only",
  advice: "make the folder and its files writable for this user",
};
const DAMAGED: Translation = {
  reason: "checksum",
  advice: "the data file is damaged; restore the store from a copy",
};
const READERS: Translation = { reason: "busy", advice: "too many processes read at once; close some" };
const FAILED: Translation = {
  reason: "io",
  advice: "check the disk and the system's log, then open the store again",
};

/** By LMDB's own numbers, which are negative, and the system's, which are not. */
const TRANSLATIONS: ReadonlyMap<number, Translation> = new Map([
  [28, ROOM],
  [122, ROOM],
  [27, ROOM],
  [
    -30792,
    { reason: "no-space", advice: "the address space for the data file is used up; delete something" },
  ],
  [-30788, { reason: "too-large", advice: "the batch touches too many pages; split it" }],
  [1, FORBIDDEN],
  [13, FORBIDDEN],
  [30, FORBIDDEN],
  [-30797, DAMAGED],
  [-30796, DAMAGED],
  [-30795, FAILED],
  [-30793, { reason: "foreign", advice: "this is no LMDB file; give another path, or move the file away" }],
  [-30794, { reason: "foreign", advice: "this LMDB file was written in another format; give another path" }],
  [-30790, READERS],
  [-30787, READERS],
]);

const UNKNOWN: Translation = { reason: "io", advice: "see the cause" };

/** Translates what LMDB or lmdb-js said into a fault. A fault passes unchanged. */
export function lmdbFault(
  error: unknown,
  doing: string,
  details: { readonly outcome?: "unknown" } = {},
): StorageFault {
  if (error instanceof StorageFault) return error;
  const { reason, advice } = TRANSLATIONS.get(codeOf(error) ?? 0) ?? UNKNOWN;
  const said = error instanceof Error ? error.message : String(error);
  return new StorageFault(reason, `${doing} failed (${said}); ${advice}`, { ...details, cause: error });
}

/** Translates what the system said of a file or folder of a store into a fault. A fault passes unchanged. */
export function lmdbFileFault(error: unknown, doing: string): StorageFault {
  return fileFault(error, doing, { forbidden: FORBIDDEN.advice });
}

/** Whether LMDB gives up a transaction for this cleanly, so that the next one may succeed. */
export function isRecoverable({ reason }: StorageFault): boolean {
  return reason === "no-space" || reason === "too-large";
}

/** Whether it says that there is no such file, in LMDB's way or the system's. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === ENOENT || errorCode(error) === "ENOENT";
}

function codeOf(error: unknown): number | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}

/** The error behind a failed commit: lmdb-js rejects with a message and keeps what LMDB said in a promise. */
export async function commitErrorOf(error: unknown): Promise<unknown> {
  const native = error instanceof Error && "commitError" in error ? error.commitError : undefined;
  if (!(native instanceof Promise)) return error;
  return native.then(
    () => error,
    (cause: unknown) => cause,
  );
}
