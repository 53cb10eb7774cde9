import { StorageFault, type CorruptionReason, type FaultDetails } from "../../core/errors.js";

/** Whose value it is when one is damaged, and what led to the fault. */
export type DamageDetails = Pick<FaultDetails, "namespace" | "key" | "cause">;

/** A file that is not as it was written; says where. */
export class DamageFault extends StorageFault {
  readonly file: string;
  readonly offset: number;
  /** What is wrong there, without the advice that the message ends in. */
  readonly flaw: string;
  readonly corruption: CorruptionReason;

  constructor(
    reason: CorruptionReason,
    file: string,
    offset: number,
    flaw: string,
    details: DamageDetails = {},
  ) {
    super(reason, `${file}, byte ${offset}: ${flaw}; ${advice(reason)}`, details);
    this.file = file;
    this.offset = offset;
    this.flaw = flaw;
    this.corruption = reason;
  }
}

function advice(reason: CorruptionReason): string {
  if (reason === "newer-format") return "open it with a newer version of holdfast; nothing was changed";
  if (reason === "foreign") return "give another path, or move the file away; nothing was changed";
  return "restore the store from a copy, or see docs/formats.md for what else can be tried; nothing was changed";
}
