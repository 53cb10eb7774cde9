import type { VerifyProblem } from "../backend.js";
import { DamageFault } from "./damage-fault.js";

/** Damage as `verify` tells it. Throws anything else. */
export function verifyProblem(error: unknown): VerifyProblem {
  if (!(error instanceof DamageFault)) throw error;
  const { corruption: reason, message, namespace, key, file, offset } = error;
  const place = { reason, message, file, offset };
  return namespace === undefined || key === undefined ? place : { ...place, namespace, key };
}
