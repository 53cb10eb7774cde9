import { StorageFault, type Reason } from "../../core/errors.js";

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
  advice: "make the file and its folder writable for this user, or open the store with read_only: true",
};
const UNKNOWN: Translation = { reason: "io", advice: "see the cause" };

const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map([
  ["ENOSPC", ROOM],
  ["EDQUOT", ROOM],
  ["EACCES", FORBIDDEN],
  ["EPERM", FORBIDDEN],
  ["EROFS", FORBIDDEN],
  ["EIO", { reason: "io", advice: "check the disk and the system's log" }],
  ["ENOENT", { reason: "io", advice: "a file or folder is missing; check whether somebody removed it" }],
  [
    "EEXIST",
    { reason: "locked", advice: "another process seems to have taken over the store; open it again" },
  ],
  ["EISDIR", { reason: "io", advice: "the path is a folder; give the path of a file" }],
  [
    "ENOTDIR",
    { reason: "io", advice: "a part of the path is a file; give a path whose parents are folders" },
  ],
  ["ELOOP", { reason: "io", advice: "the path is a symbolic link; give the path that it points to" }],
  ["ENAMETOOLONG", { reason: "io", advice: "give a shorter path" }],
  ["EFBIG", { reason: "io", advice: "the file is too large for the file system or the process's limit" }],
  ["EMFILE", { reason: "io", advice: "raise the limit of open files (ulimit -n)" }],
  ["ENFILE", { reason: "io", advice: "the system has too many open files" }],
]);

/** The system's code of an error, such as `"ENOSPC"`; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * Translates what the system said into a fault. A fault passes unchanged.
 *
 * @param doing what was being done and to which file, such as `writing data/storage.json`.
 * @param details `forbidden`: what to try where rights are missing, when the file is not one of a store.
 */
export function fileFault(
  error: unknown,
  doing: string,
  { forbidden, ...details }: { readonly outcome?: "unknown"; readonly forbidden?: string } = {},
): StorageFault {
  if (error instanceof StorageFault) return error;
  const code = errorCode(error);
  const known = TRANSLATIONS.get(code ?? "") ?? UNKNOWN;
  const { reason } = known;
  const advice = known === FORBIDDEN ? (forbidden ?? known.advice) : known.advice;
  const said = code ?? (error instanceof Error ? error.message : String(error));
  return new StorageFault(reason, `${doing} failed (${said}); ${advice}`, { ...details, cause: error });
}
