import { StorageFault, type CorruptionReason } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";

/** Whose file it is. */
export interface EntryPlace {
  readonly namespace: string;
  readonly key: StoredKey;
  readonly file: string;
}

/** The file of one entry is not as it was written. The others are not touched by it. */
export class EntryDamage extends StorageFault {
  readonly file: string;
  readonly corruption: CorruptionReason;

  constructor(corruption: CorruptionReason, { namespace, key, file }: EntryPlace, flaw: string) {
    super(corruption, `${file}: ${flaw}; ${advice(corruption)}`, { namespace, key });
    this.file = file;
    this.corruption = corruption;
  }
}

function advice(corruption: CorruptionReason): string {
  if (corruption === "newer-format") return "open the store with a newer version of holdfast";
  if (corruption === "checksum" || corruption === "truncated") {
    return "accept it with verify and acceptEdits, or set or delete the key";
  }
  return "restore the file from a copy, or set or delete the key";
}
