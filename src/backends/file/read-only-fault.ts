import { StorageFault } from "../../core/errors.js";

/** What writing to a store answers that was opened for reading. */
export function readOnlyFault(): StorageFault {
  return new StorageFault("read-only", "the store was opened with read_only: true; open it without to write");
}
