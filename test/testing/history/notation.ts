import type {
  GroupOperation,
  HistoryTransaction,
  ListOperation,
  TransactionStatus,
} from "../../../src/testing/history/index.js";

/**
 * A transaction in short: `at(1, 4, "append x 1, read y 1 2, read z")`. A read names its key and the elements, so
 * `read z` found nothing.
 */
export function at(
  start: number,
  end: number,
  operations: string,
  status: TransactionStatus = "committed",
): HistoryTransaction<ListOperation> {
  return { process: start, start, end, status, operations: operations.split(", ").map(parseListOperation) };
}

function parseListOperation(text: string): ListOperation {
  const [kind, key = "", ...elements] = text.split(" ");
  if (kind === "append") return { kind, key, element: Number(elements[0]) };
  if (kind === "read") return { kind, key, elements: elements.map(Number) };
  throw new TypeError(`"${text}" is neither an append nor a read`);
}

/** As {@link at}, with `insert g 1` and `observe g 1 2`. */
export function groupAt(
  start: number,
  end: number,
  operations: string,
  status: TransactionStatus = "committed",
): HistoryTransaction<GroupOperation> {
  return { process: start, start, end, status, operations: operations.split(", ").map(parseGroupOperation) };
}

function parseGroupOperation(text: string): GroupOperation {
  const [kind, group = "", ...members] = text.split(" ");
  if (kind === "insert") return { kind, group, member: Number(members[0]) };
  if (kind === "observe") return { kind, group, members: members.map(Number) };
  throw new TypeError(`"${text}" is neither an insert nor an observation`);
}
