import { quotePath, StorageFault, type CorruptionReason } from "../../core/errors.js";

const ADVICE: Readonly<Record<CorruptionReason, string>> = {
  checksum: "take another backup",
  truncated: "look for what is missing, or take another backup",
  decode: "take another backup, and report it with the file",
  "newer-format": "restore it with the version that wrote it, or a newer one",
  "wrong-key": "add the key it was written with to encryption.keys, or give it to the call",
  foreign: "give the folder that a backup was made in",
};

/** What is wrong with a file of a backup: always 5003, with the file, and the line where one can be told. */
export function backupDamage(
  reason: CorruptionReason,
  file: string,
  what: string,
  { line, cause }: { readonly line?: number | undefined; readonly cause?: unknown } = {},
): StorageFault {
  const where = line === undefined ? quotePath(file) : `${quotePath(file)} line ${line}`;
  return new StorageFault(reason, `${where}: ${what}; ${ADVICE[reason]}`, { cause });
}

/** What failed with a record of a backup, as a fault that names its file and line too. */
export function ofRecord(error: unknown, file: string, line: number): unknown {
  if (!(error instanceof StorageFault)) return error;
  const { reason, key, namespace } = error;
  return new StorageFault(reason, `${quotePath(file)} line ${line}: ${error.message}`, {
    ...(key !== undefined && { key }),
    ...(namespace !== undefined && { namespace }),
    cause: error,
  });
}
