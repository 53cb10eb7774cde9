import type { ProgressTeller } from "./progress-teller.js";

/** How far a verification is. */
export interface VerifyProgress {
  /** Whether values are being checked, or, with `repair`, those that are undamaged are being written to the other store. */
  readonly phase: "checking" | "salvaging";
  /** The namespace at work; "" is the root. */
  readonly namespace: string;
  /** Entries checked so far, items of structures too; keys salvaged so far. */
  readonly done: number;
}

export type VerifyTeller = ProgressTeller<VerifyProgress>;
