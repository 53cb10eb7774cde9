import { ENTRY_TYPE } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { headKey } from "../core/key.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { Head } from "../transaction/head.js";
import type { StructureView } from "../transaction/structure-view.js";
import { updateStructure } from "../transaction/transaction-view.js";
import { noItems, requireType } from "./structure-head.js";

/** Adds to the number that a key holds, 0 when it is absent, and keeps its time to live; gives the sum. */
export function add(key: string, by: number): FoldedOperation<number> {
  return {
    run: (core) =>
      updateStructure(core, key, noItems, ({ head }) => {
        const sum = countOf(head) + by;
        core.put(headKey(key), core.services.encoder.encode(sum), head?.expiry);
        return sum;
      }),
  };
}

export async function readCount(view: StructureView, key: string): Promise<number> {
  return countOf(await view.head(key));
}

/** @throws TypeError when it is no number; StorageFault `invalid-value` when it is not finite. */
export function requireFinite(by: unknown): asserts by is number {
  if (typeof by !== "number") throw new TypeError(`a count changes by a number, not by a ${typeof by}`);
  if (!Number.isFinite(by)) throw new StorageFault("invalid-value", `a count cannot change by ${by}`);
}

/** `what` in a message; it is the `kind` of place that holds the value. @throws StorageFault `wrong-type`. */
export function requireNumber(value: unknown, kind: "key" | "field", what: string): number {
  if (typeof value === "number") return value;
  const message = `${what} does not hold a number; use another ${kind}, or set a number there first`;
  throw new StorageFault("wrong-type", message);
}

function countOf(head: Head | undefined): number {
  if (head === undefined) return 0;
  requireType(head, ENTRY_TYPE.value);
  return requireNumber(head.content(), "key", "the key");
}
