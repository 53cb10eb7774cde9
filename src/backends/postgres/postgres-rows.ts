import type { EntryType } from "../../core/entry.js";
import { START } from "../backend.js";
import type { CommitEffects, ExpiredRow, LogRow } from "../sql/log-row.js";
import type {
  CommitRow,
  EntryRow,
  HeaderRow,
  NamespaceState,
  NumberedRow,
  RecalledBatch,
} from "../sql/sql-store.js";
import type { PgField } from "./postgres-driver.js";

type Row = readonly PgField[];

/** Bytes as the server writes them: `\x` and hexadecimal digits. */
function bytesOf(field: PgField | undefined): Buffer {
  return Buffer.from((field ?? "\\x").slice(2), "hex");
}

export function textOfBytes(field: PgField | undefined): string {
  return bytesOf(field).toString();
}

/** Of the first row of a read or a page: clock, ordinal, id. */
export function stateOf(row: Row | undefined): NamespaceState {
  const [, now, ordinal, id] = row ?? [];
  return { now: Number(now), ordinal: Number(ordinal ?? START.ordinal), id: id ?? START.id };
}

/** Columns 1 to 6 of a row of a read or a page. */
function entryOf(row: Row): Omit<EntryRow, "key"> {
  const [, expiresAt = null, bytes, version, type, incarnation = null, value = null] = row;
  return {
    version: version as string,
    type: Number(type) as EntryType,
    incarnation,
    expiresAt: expiresAt === null ? null : Number(expiresAt),
    sealedBytes: Number(bytes),
    value: value === null ? null : bytesOf(value),
  };
}

export function numberedRow(row: Row): NumberedRow {
  return { number: Number(row[0]), ...entryOf(row) };
}

export function entryRow(row: Row): EntryRow {
  return { key: textOfBytes(row[0]), ...entryOf(row) };
}

/** How many entries a page could have held; in its last column. */
export function candidatesOf(row: Row | undefined): number {
  return Number(row?.[7] ?? 0);
}

export function expiredRow([namespace, key, version, incarnation = null]: Row): ExpiredRow {
  return {
    namespace: textOfBytes(namespace),
    key: textOfBytes(key),
    version: version as string,
    incarnation,
  };
}

export function logRow([ordinal, id, previous, now, record, effects = null]: Row): LogRow {
  return {
    ordinal: Number(ordinal),
    id: id as string,
    previous: previous as string,
    now: Number(now),
    record: bytesOf(record),
    effects: effectsOf(effects),
  };
}

function effectsOf(text: PgField): CommitEffects | undefined {
  return text === null ? undefined : (JSON.parse(text) as CommitEffects);
}

/** A row of the commit function: kind, two numbers, then what the kind needs. */
export function commitRow(row: Row): CommitRow {
  const [kind, number, item, ordinal] = row;
  const batch = Number(number);
  switch (kind) {
    case "s":
      return {
        kind: "state",
        namespace: batch,
        state: stateOf([null, row[4] ?? null, ordinal ?? null, row[5] ?? null]),
      };
    case "c":
      return { kind: "conflict", batch, check: Number(item), current: currentOf(row) };
    case "r":
      return { kind: "range", batch, range: Number(item) };
    case "w":
      return { kind: "replaced", batch, write: Number(item), header: headerOf(row) };
    default:
      return { kind: "removed", batch, count: Number(ordinal) };
  }
}

function currentOf(row: Row): Omit<EntryRow, "key"> | undefined {
  if (row[5] === null) return undefined;
  return { ...headerOf(row), value: bytesOf(row[10]) };
}

function headerOf(row: Row): HeaderRow {
  const [, , , , , version, type, incarnation = null, expiresAt = null, bytes] = row;
  return {
    version: version as string,
    type: Number(type) as EntryType,
    incarnation,
    expiresAt: expiresAt === null ? null : Number(expiresAt),
    sealedBytes: Number(bytes),
  };
}

/** A row of the recall function about a batch: kind, number, ordinal, clock, oldest, id, effects. */
export function recalledBatch([, batch, ordinal, now, , , effects = null]: Row): RecalledBatch {
  return { batch: Number(batch), ordinal: Number(ordinal), now: Number(now), effects: effectsOf(effects) };
}

/** A row of the recall function about a namespace. */
export function recalledNamespace([, , ordinal, now, oldest, id]: Row) {
  return { state: stateOf([null, now ?? null, ordinal ?? null, id ?? null]), oldest: Number(oldest) };
}
