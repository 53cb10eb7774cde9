import { ProcessKilled } from "../../src/testing/simulated-file-system.js";

/** Whether an error is there because the simulated process was killed. */
export function isKill(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof ProcessKilled) return true;
  return false;
}
