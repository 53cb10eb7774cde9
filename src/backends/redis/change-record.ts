import type { EntryType, Header } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { ChangedWrite, Write } from "../backend.js";
import { parseRecordedHeader } from "./entry-header.js";

/** A write as records hold it. The last part of a put is its deadline, or `"+ms"` from the commit on. */
type PackedWrite =
  | readonly ["p", StoredKey, EntryType]
  | readonly ["p", StoredKey, EntryType, number | string]
  | readonly ["d", StoredKey]
  | readonly ["r", string]
  | readonly ["r", string, string];

/** What the script adds to a record, and answers a commit with. */
export interface RecordTail {
  /** Live heads that range deletes removed. */
  readonly removed: number;
  /** The entries that puts and deletes met, expired ones too, by the number of the write among puts and deletes, from 1. */
  readonly met: ReadonlyMap<number, Header>;
}

const NOTHING_MET: ReadonlyMap<number, Header> = new Map();

/** A record whose commit met nothing. */
export const PLAIN_TAIL: RecordTail = Object.freeze({ removed: 0, met: NOTHING_MET });

const SWEEP_MARK = "*";

/** The writes of a batch as its record keeps them: one line of text. */
export function packWrites(writes: readonly Write[]): string {
  return writes.length === 0 ? "" : JSON.stringify(writes.map(packWrite));
}

function packWrite(write: Write): PackedWrite {
  if (write.kind === "delete") return ["d", write.key];
  if (write.kind === "delete-range") {
    const { start, end } = write.range;
    return end === undefined ? ["r", start] : ["r", start, end];
  }
  const { key, type, expiry } = write;
  if (expiry === undefined) return ["p", key, type];
  return ["p", key, type, "in" in expiry ? `+${expiry.in}` : expiry.at];
}

/** What stands behind the writes of a record: a line with a number, then a line for every entry that was met. */
export function parseTail(tail: string): RecordTail {
  const [, removed, ...lines] = tail.split("\n");
  const met = new Map<number, Header>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    met.set(Number(line.slice(0, colon)), parseRecordedHeader(line.slice(colon + 1)));
  }
  return { removed: Number(removed), met };
}

/** The tail of a whole record. */
export function tailOf(record: Buffer): RecordTail {
  const text = record.toString();
  return parseTail(text.slice(text.indexOf("\n")));
}

/**
 * What a record says was written, for followers of the log. An entry that had expired and was met before a sweep came
 * by is told of as expired first.
 *
 * @throws StorageFault `decode` when it cannot be understood.
 */
export function changedWrites(record: Buffer, now: number): readonly ChangedWrite[] {
  try {
    return record.toString("latin1", 0, 1) === SWEEP_MARK ? sweptWrites(record) : batchWrites(record, now);
  } catch (error) {
    throw new StorageFault("decode", "a record of the change log is damaged", { cause: error });
  }
}

function batchWrites(record: Buffer, now: number): ChangedWrite[] {
  const text = record.toString();
  const end = text.indexOf("\n");
  const { met } = parseTail(text.slice(end));
  const changes: ChangedWrite[] = [];
  let number = 0;
  for (const packed of JSON.parse(text.slice(0, end)) as PackedWrite[]) {
    if (packed[0] === "r") {
      changes.push({ kind: "delete-range", range: rangeOf(packed[1], packed[2]) });
      continue;
    }
    number += 1;
    const before = met.get(number);
    if (before !== undefined && hasExpired(before, now)) changes.push(gone("expire", packed[1], before));
    changes.push(packed[0] === "d" ? gone("delete", packed[1], before) : putOf(packed, now));
  }
  return changes;
}

function rangeOf(start: string, end: string | undefined) {
  return end === undefined ? { start } : { start, end };
}

function putOf([, key, type, deadline]: PackedWrite & { readonly 0: "p" }, now: number): ChangedWrite {
  if (deadline === undefined) return { kind: "put", key, type };
  return {
    kind: "put",
    key,
    type,
    expiresAt: typeof deadline === "number" ? deadline : now + Number(deadline),
  };
}

/** Keys of a sweep stand with their length: they are bytes of their own, not packed by a client. */
function sweptWrites(record: Buffer): ChangedWrite[] {
  const changes: ChangedWrite[] = [];
  let at = record.indexOf("\n", 2) + 1;
  while (at > 0 && at < record.length) {
    const colon = record.indexOf(":", at);
    const keyEnd = colon + 1 + Number(record.toString("latin1", at, colon));
    const lineEnd = record.indexOf("\n", keyEnd);
    const headerEnd = lineEnd === -1 ? record.length : lineEnd;
    const header = parseRecordedHeader(record.toString("latin1", keyEnd, headerEnd));
    changes.push(gone("expire", record.toString("utf8", colon + 1, keyEnd), header));
    at = headerEnd + 1;
  }
  return changes;
}

function gone(kind: "delete" | "expire", key: StoredKey, before: Header | undefined): ChangedWrite {
  const incarnation = before?.incarnation;
  return incarnation === undefined ? { kind, key } : { kind, key, incarnation };
}

/** For each write of a batch the live entry it met. */
export function replacedBy(
  writes: readonly Write[],
  met: ReadonlyMap<number, Header>,
  now: number,
): readonly (Header | undefined)[] {
  let number = 0;
  return writes.map((write) => {
    if (write.kind === "delete-range") return undefined;
    number += 1;
    const before = met.get(number);
    return before === undefined || hasExpired(before, now) ? undefined : before;
  });
}

function hasExpired({ expiresAt }: Header, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
