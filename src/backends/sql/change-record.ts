import type { EntryType } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { Change, ChangedWrite, Write } from "../backend.js";
import type { CommitEffects, ExpiredRow, LogRow } from "./log-row.js";

/** One write in a log record: what it was, its key (or a range's start), and what else has to be known. */
type RecordedWrite =
  | readonly ["p", string, EntryType]
  | readonly ["p", string, EntryType, "in" | "at", number]
  | readonly ["d", string]
  | readonly ["e", string]
  | readonly ["e", string, string]
  | readonly ["r", string]
  | readonly ["r", string, string];

/** The record of a batch in the change log: JSON, its writes in their order. It holds keys, never data. */
export function encodeRecord(writes: readonly Write[]): string {
  return JSON.stringify(writes.map(recordedWrite));
}

/** The record of a sweep. */
export function encodeExpiries(rows: readonly ExpiredRow[]): string {
  const writes = rows.map(
    ({ key, incarnation }): RecordedWrite => (incarnation === null ? ["e", key] : ["e", key, incarnation]),
  );
  return JSON.stringify(writes);
}

function recordedWrite(write: Write): RecordedWrite {
  if (write.kind === "delete") return ["d", write.key];
  if (write.kind === "delete-range") {
    const { start, end } = write.range;
    return end === undefined ? ["r", start] : ["r", start, end];
  }
  const { key, type, expiry } = write;
  if (expiry === undefined) return ["p", key, type];
  return "in" in expiry ? ["p", key, type, "in", expiry.in] : ["p", key, type, "at", expiry.at];
}

/**
 * A row of the log as the contract gives it.
 *
 * @throws StorageFault `decode` when the record is not one.
 */
export function decodeChange({ ordinal, id, previous, now, record, effects }: LogRow): Change {
  const incarnations = incarnationsOf(effects);
  const writes = parse(record).map((write, i) => changedWrite(write, now, incarnations.get(i)));
  return { position: { ordinal, id }, previous, now, writes };
}

function parse(record: Uint8Array): readonly RecordedWrite[] {
  try {
    const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString();
    return JSON.parse(text) as readonly RecordedWrite[];
  } catch (error) {
    throw new StorageFault("decode", "a record of the change log is damaged", { cause: error });
  }
}

/** The server adds what only it knows when a key is deleted: the incarnation of what stood there. */
function incarnationsOf(effects: CommitEffects | undefined): ReadonlyMap<number, string> {
  const known = new Map<number, string>();
  for (const [write, , , incarnation] of effects?.replaced ?? []) {
    if (incarnation !== null) known.set(write, incarnation);
  }
  return known;
}

function changedWrite(write: RecordedWrite, now: number, deleted: string | undefined): ChangedWrite {
  switch (write[0]) {
    case "p": {
      const [, key, type, mode, ms] = write;
      if (ms === undefined) return { kind: "put", key, type };
      return { kind: "put", key, type, expiresAt: mode === "in" ? now + ms : ms };
    }
    case "d":
      return { kind: "delete", key: write[1], ...(deleted !== undefined && { incarnation: deleted }) };
    case "e":
      return {
        kind: "expire",
        key: write[1],
        ...(write[2] !== undefined && { incarnation: write[2] }),
      };
    case "r":
      return {
        kind: "delete-range",
        range: write[2] === undefined ? { start: write[1] } : { start: write[1], end: write[2] },
      };
  }
}
