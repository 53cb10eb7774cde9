import type { StorageFault } from "../core/errors.js";
import type { Health } from "./plugin.js";

/**
 * How an open store is doing, by what its last write failed with. One that another process has taken over writes never
 * again; any other may.
 *
 * @param other what else is known, as good as or worse than `up`.
 */
export function storageHealth(failure: StorageFault | undefined, other: Health = { status: "up" }): Health {
  if (failure === undefined) return other;
  const { reason, message } = failure;
  const more = other.message === undefined ? "" : `; ${other.message}`;
  return {
    status: reason === "locked" ? "down" : "degraded",
    message: `the last write failed: ${message}${more}`,
    details: { ...other.details, reason },
  };
}
